//! One container of an instance: its sandbox, its artifacts, its process.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt, fchown, lchown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::agent::{Agent, WORK_DIRECTORY};
use super::definition::{self, Container, Pod};
use super::environment::{Place, SANDBOX, environment};
use super::fetcher::fetch;
use super::launch::{LAUNCH, Launch, Mount};
use super::namespaces::Holder;

/// Where the parts of an instance lie on the agent.
pub(super) struct Directory(PathBuf);

impl Directory {
    /// Of a new instance, with a directory for each ephemeral volume: root's, 0755 (mesos,
    /// `volume/sandbox_path`).
    pub(super) fn create(agent: &Agent, instance: &str, pod: &Pod) -> Self {
        let directory = Self(Path::new(WORK_DIRECTORY).join(instance));
        for volume in pod.volumes.iter().filter(|volume| volume.host.is_none()) {
            make_directory(&agent.path(directory.volume(&volume.name)), 0o755).unwrap();
        }
        directory
    }

    pub(super) fn volume(&self, name: &str) -> PathBuf {
        self.0.join("volumes").join(name)
    }

    pub(super) fn sandbox(&self, container: &str) -> PathBuf {
        self.0.join("containers").join(container)
    }

    fn runtime(&self, container: &str) -> PathBuf {
        self.0.join("runtime").join(container)
    }
}

/// What a container is launched with.
pub(super) struct Launching<'l> {
    pub(super) agent: &'l Agent,
    pub(super) network: &'l Holder,
    pub(super) directory: &'l Directory,
    pub(super) place: Place<'l>,
    pub(super) pod: &'l Pod,
    pub(super) container: &'l Container,
}

/// A process that was started in a container.
pub(super) struct Process {
    child: Child,
    /// The container's first process, as the machine counts.
    pub(super) pid: i32,
}

impl Process {
    /// What became of the command.
    pub(super) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Launching<'_> {
    /// Fetches what the container needs and starts it. An error is why it cannot be launched.
    pub(super) fn launch(&self) -> Result<Process, Box<dyn Error>> {
        let user = self.user()?;
        let launch = self.description(user)?;
        let sandbox = self.agent.path(&launch.sandbox);
        let runtime = self.agent.path(&launch.runtime);
        make_directory(&sandbox, 0o750)?;
        make_directory(&runtime, 0o755)?;
        for artifact in &self.container.artifacts {
            fetch(self.agent.namespaces(), artifact, &sandbox)?;
        }
        give_all(&sandbox, user)?;
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| log(&sandbox.join(name), user));
        let child = self.command(&launch).stdout(stdout?).stderr(stderr?).spawn()?;
        Ok(started(child, &Launch::pid_file(&runtime))?)
    }

    /// By name, as the agent knows it; a number is a name too (mesos, `os::su`).
    pub(super) fn user(&self) -> Result<User, String> {
        let name = self.container.user.as_ref().or(self.pod.user.as_ref());
        let name = name.map_or("root", String::as_str);
        User::named(name).ok_or(format!("Failed to get user information for '{name}'"))
    }

    fn description(&self, user: User) -> Result<Launch, String> {
        let id = &self.container.image.id;
        let image = self.agent.pull(id).ok_or(format!("Failed to pull image '{id}'"))?;
        Ok(Launch {
            runtime: self.directory.runtime(&self.container.name),
            layers: image.layers,
            programs: image.programs,
            host_name: self.place.host_name().to_owned(),
            hosts: self.hosts(),
            sandbox: self.directory.sandbox(&self.container.name),
            sandbox_directory: SANDBOX.to_owned(),
            mounts: self.container.volume_mounts.iter().map(|mount| self.mount(mount)).collect(),
            command: match &self.container.exec.command {
                definition::Command::Shell(line) => {
                    ["/bin/sh", "-c", line].map(str::to_owned).into()
                }
                definition::Command::Argv(words) => words.clone(),
            },
            environment: environment(self.pod, self.container, &self.place),
            uid: user.uid,
            gid: user.gid,
        })
    }

    /// The agent's, and the name that the container itself has.
    fn hosts(&self) -> String {
        format!("{}{} {}\n", self.agent.hosts(), self.place.address, self.place.host_name())
    }

    fn mount(&self, mount: &definition::VolumeMount) -> Mount {
        let volume = self.pod.volumes.iter().find(|volume| volume.name == mount.name);
        let volume = volume.expect("Marathon refuses mounts of volumes that are not there");
        let source = match &volume.host {
            Some(host) if host.starts_with('/') => PathBuf::from(host),
            Some(host) => self.own_directory(host),
            None => self.directory.volume(&volume.name),
        };
        let target = Path::new(SANDBOX).join(&mount.mount_path);
        Mount { source, target, read_only: mount.read_only }
    }

    /// In the container's own sandbox: what a relative host path stands for.
    fn own_directory(&self, path: &str) -> PathBuf {
        let directory = self.directory.sandbox(&self.container.name).join(path);
        fs::create_dir_all(self.agent.path(&directory)).unwrap();
        directory
    }

    fn command(&self, launch: &Launch) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args([self.agent.namespaces().target_argument(), self.network.network_argument()])
            .args(["--mount", "--pid", "--"])
            .args(["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child"])
            .args(["--propagation", "private", "--"])
            .arg(std::env::current_exe().unwrap())
            .arg(LAUNCH)
            .arg(serde_json::to_string(launch).unwrap())
            .env_clear()
            .stdin(Stdio::null());
        command
    }
}

/// Whoever opens it too, by the name /dev/stdout, writes behind what is there.
fn log(path: &Path, user: User) -> io::Result<File> {
    let file = File::options().create(true).append(true).open(path)?;
    fchown(&file, Some(user.uid), Some(user.gid))?;
    Ok(file)
}

fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Waits until the command runs, or has ended before it could.
fn started(mut child: Child, pid_file: &Path) -> Result<Process, String> {
    loop {
        let pid = fs::read_to_string(pid_file).unwrap_or_default();
        if let Some(pid) = pid.strip_suffix('\n') {
            return Ok(Process { child, pid: pid.parse().unwrap() });
        }
        if let Some(status) = child.try_wait().unwrap() {
            return Err(format!("the container could not be started: {status}; see its stderr"));
        }
        std::thread::sleep(super::MOMENT);
    }
}

/// A user of the agent.
#[derive(Clone, Copy)]
pub(super) struct User {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl User {
    fn named(name: &str) -> Option<Self> {
        let users = fs::read_to_string("/etc/passwd").unwrap();
        let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
        let entry = users.lines().map(fields).find(|entry| entry[0] == name)?;
        Some(Self { uid: entry[2].parse().ok()?, gid: entry[3].parse().ok()? })
    }
}

/// What was fetched belongs to the container's user, as if that user had fetched it; not what a
/// fetched link leads to, which is a file of the machine.
fn give_all(path: &Path, user: User) -> io::Result<()> {
    if user.uid == 0 {
        return Ok(());
    }
    lchown(path, Some(user.uid), Some(user.gid))?;
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path)? {
            give_all(&entry?.path(), user)?;
        }
    }
    Ok(())
}
