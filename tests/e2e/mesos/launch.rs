//! The first process of a container, as `mesos-containerizer launch` is it: it makes the root that
//! the container sees, starts the command, hands on SIGTERM, and reaps.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_remount, unmount};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, pivot_root, wait};
use serde::{Deserialize, Serialize};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

/// The argument that makes this binary the first process of a container.
pub(super) const LAUNCH: &str = "launch-container";

/// What a container has that sets no other (mesos, `os::host_default_path`).
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Of `/proc`, what would change the machine.
const READ_ONLY: [&str; 5] = ["bus", "fs", "irq", "sys", "sysrq-trigger"];

/// What the container is to be; paths are those of the agent.
#[derive(Serialize, Deserialize)]
pub(super) struct Launch {
    /// An empty directory for this process alone.
    pub(super) runtime: PathBuf,
    /// The image's, the uppermost first; below is the machine's own root.
    pub(super) layers: Vec<PathBuf>,
    /// Programs of the image that are one file, and where they belong.
    pub(super) programs: Vec<(PathBuf, String)>,
    pub(super) host_name: String,
    pub(super) hosts: String,
    pub(super) sandbox: PathBuf,
    /// Where in the container.
    pub(super) sandbox_directory: String,
    pub(super) mounts: Vec<Mount>,
    pub(super) command: Vec<String>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Mount {
    pub(super) source: PathBuf,
    pub(super) target: PathBuf,
    pub(super) read_only: bool,
}

/// A file or directory of the agent, and where the container has it.
struct Bind<'l> {
    source: OwnedFd,
    target: &'l Path,
    read_only: bool,
}

impl<'l> Bind<'l> {
    fn open(source: &Path, target: &'l Path, read_only: bool) -> io::Result<Self> {
        let source = open(source, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { source, target, read_only })
    }

    /// In the container's root, where a link of the image leads to where it leads in the container.
    fn mount(&self) -> io::Result<()> {
        let source = PathBuf::from(format!("/proc/self/fd/{}", self.source.as_raw_fd()));
        if source.is_file() {
            bind_file(&source, self.target)?;
        } else {
            fs::create_dir_all(self.target)?;
            mount_bind(&source, self.target)?;
        }
        if self.read_only {
            mount_remount(self.target, MountFlags::BIND | MountFlags::RDONLY, "")?;
        }
        Ok(())
    }
}

/// A file outside of the container that says which process its first one is, once it runs.
struct Started {
    pid: String,
    file: fs::File,
}

impl Started {
    fn tell(mut self) -> io::Result<()> {
        writeln!(self.file, "{}", self.pid)
    }
}

impl Launch {
    /// Where the container's first process tells its id.
    pub(super) fn pid_file(runtime: &Path) -> PathBuf {
        runtime.join("pid")
    }
}

/// Runs the command of a launch that is written in JSON; the result is the command's.
pub(super) fn launch(json: &str) -> ExitCode {
    let launch: Launch = serde_json::from_str(json).expect("written by the agent");
    match launch.prepare().and_then(|started| launch.run(started)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("Failed to launch container: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Launch {
    /// From the agent's root to the container's.
    fn prepare(&self) -> io::Result<Started> {
        // The machine's /proc is still there, so this is what the machine calls this process.
        let pid = fs::read_link("/proc/self")?.to_string_lossy().into_owned();
        let started = Started { pid, file: fs::File::create(Self::pid_file(&self.runtime))? };
        fs::write("/proc/sys/kernel/hostname", &self.host_name)?;
        let root = self.overlay()?;
        kernel_file_systems(&root)?;
        let binds = self.binds()?;
        std::env::set_current_dir(&root)?;
        pivot_root(".", ".")?;
        // Paths are the container's now; until the agent's root is let go it can be bound from.
        fs::write("/etc/hosts", &self.hosts)?;
        binds.iter().try_for_each(Bind::mount)?;
        unmount(".", UnmountFlags::DETACH)?;
        std::env::set_current_dir(&self.sandbox_directory)?;
        Ok(started)
    }

    /// All that the container has of the agent, opened where the agent's paths lead to it.
    fn binds(&self) -> io::Result<Vec<Bind<'_>>> {
        let programs = self.programs.iter();
        let programs = programs.map(|(program, place)| Bind::open(program, place.as_ref(), false));
        let sandbox = Bind::open(&self.sandbox, self.sandbox_directory.as_ref(), false);
        let volumes = self.mounts.iter();
        let volumes = volumes.map(|one| Bind::open(&one.source, &one.target, one.read_only));
        programs.chain([sandbox]).chain(volumes).collect()
    }

    /// The image over the machine's own root, with a writable layer that ends with the container.
    fn overlay(&self) -> io::Result<PathBuf> {
        let [scratch, root] = ["scratch", "root"].map(|name| self.runtime.join(name));
        for directory in [&scratch, &root] {
            fs::create_dir(directory)?;
        }
        mount("tmpfs", &scratch, "tmpfs", MountFlags::empty(), None)?;
        let [upper, work] = ["upper", "work"].map(|name| scratch.join(name));
        for directory in [&upper, &work] {
            fs::create_dir(directory)?;
        }
        fs::set_permissions(&upper, fs::Permissions::from_mode(0o755))?;
        let layers = self.layers.iter().map(|layer| format!("{}:", layer.display()));
        let options = format!(
            "lowerdir={}/,upperdir={},workdir={}",
            layers.collect::<String>(),
            upper.display(),
            work.display()
        );
        let options = CString::new(options).expect("paths without NUL");
        mount("overlay", &root, "overlay", MountFlags::empty(), Some(options.as_c_str()))?;
        Ok(root)
    }

    fn run(&self, started: Started) -> io::Result<u8> {
        let [program, arguments @ ..] = &*self.command else {
            return Err(io::Error::other("no command"));
        };
        let mut signals = Signals::new([SIGTERM])?;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .envs(&self.environment)
            .uid(self.uid)
            .gid(self.gid)
            .spawn()
            .map_err(|error| io::Error::other(format!("{program}: {error}")))?;
        let child = Pid::from_child(&child);
        started.tell()?;
        thread::spawn(move || {
            for _ in signals.forever() {
                // It may have ended just now.
                let _ = kill_process(child, Signal::TERM);
            }
        });
        loop {
            let Some((pid, status)) = wait(WaitOptions::empty())? else { continue };
            if pid == child {
                let killed = status.terminating_signal().map(|signal| 128 + signal);
                let code = status.exit_status().or(killed).unwrap_or(1);
                return Ok(u8::try_from(code).unwrap_or(1));
            }
        }
    }
}

fn bind_file(source: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir_all(target.parent().expect("a file"))?;
    if !target.exists() {
        fs::write(target, "")?;
    }
    Ok(mount_bind(source, target)?)
}

/// `/proc`, `/sys`, `/dev` and `/tmp` as every container has them.
fn kernel_file_systems(root: &Path) -> io::Result<()> {
    let plain = MountFlags::NOSUID | MountFlags::NOEXEC | MountFlags::NODEV;
    mount("proc", root.join("proc"), "proc", plain, None)?;
    for part in READ_ONLY.map(|part| root.join("proc").join(part)).iter().filter(|it| it.exists()) {
        mount_bind(part, part)?;
        mount_remount(part, MountFlags::BIND | MountFlags::RDONLY | plain, "")?;
    }
    mount("sysfs", root.join("sys"), "sysfs", plain | MountFlags::RDONLY, None)?;
    let open_to_all = Some(c"mode=1777");
    mount("tmpfs", root.join("tmp"), "tmpfs", MountFlags::empty(), open_to_all)?;
    let dev = root.join("dev");
    mount("tmpfs", &dev, "tmpfs", MountFlags::NOSUID, Some(c"mode=755"))?;
    for device in ["null", "zero", "full", "random", "urandom", "tty"] {
        bind_file(&Path::new("/dev").join(device), &dev.join(device))?;
    }
    for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        symlink(format!("/proc/self/fd{target}"), dev.join(name))?;
    }
    let shared_memory = dev.join("shm");
    fs::create_dir(&shared_memory)?;
    Ok(mount("tmpfs", shared_memory, "tmpfs", plain, open_to_all)?)
}
