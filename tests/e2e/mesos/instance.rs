//! An instance of a pod: the executor's part. All containers start together; one that fails takes
//! the others with it (mesos, `src/launcher/default_executor.cpp`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use marathon_inject::identity::x509::rfc3339;
use rustix::process::{Pid as ProcessId, Signal, kill_process};
use time::OffsetDateTime;

use super::agent::{Agent, HOST};
use super::container::{Directory, Launching};
use super::definition::{Container, Pod};
use super::environment::{Place, environment};
use super::launch::PATH;
use super::namespaces::Holder;
use super::task::{State, Tasks};
use super::{A_CALL, PATIENCE, checks};
use crate::wait;

/// Between SIGTERM and SIGKILL, when one container takes the others with it.
const GROUP_GRACE: Duration = Duration::from_secs(3);

/// Of a log, in an account.
const LAST_LINES: usize = 20;

/// Running containers, and what became of those that have ended.
pub(crate) struct Instance {
    /// `<pod>.instance-<uuid>`.
    pub(crate) id: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) pod: Arc<Pod>,
    /// When it was started, as Marathon writes it.
    pub(crate) since: String,
    pub(super) network: Holder,
    agent: Arc<Agent>,
    directory: Directory,
    tasks: Mutex<Tasks>,
    changed: Condvar,
}

impl Instance {
    /// Starts all containers of a pod together.
    pub(super) fn start(agent: &Arc<Agent>, pod: &Arc<Pod>, id: String) -> Arc<Self> {
        let (network, address) = agent.connect();
        let names = pod.containers.iter().map(|container| &*container.name);
        let instance = Arc::new(Self {
            directory: Directory::create(agent, &id, pod),
            id,
            address,
            pod: Arc::clone(pod),
            since: rfc3339(OffsetDateTime::now_utc()),
            network,
            agent: Arc::clone(agent),
            tasks: Mutex::new(Tasks::staging(names)),
            changed: Condvar::new(),
        });
        for number in 0..pod.containers.len() {
            let instance = Arc::clone(&instance);
            thread::spawn(move || instance.run(number));
        }
        checks::start(&instance);
        instance
    }

    /// The life of one container.
    fn run(&self, number: usize) {
        let container = &self.pod.containers[number];
        let name = &*container.name;
        match self.launching(container).launch() {
            Err(why) => self.change(|tasks| tasks.ends(name, State::Failed(why.to_string()))),
            Ok(process) => {
                self.change(|tasks| tasks.runs(name, process.pid));
                let code = code(process.wait());
                self.change(|tasks| tasks.exited(name, code));
            }
        }
        if self.see(|tasks| tasks.has_failed(name)) {
            self.kill(|_| GROUP_GRACE);
        }
    }

    fn launching<'l>(&'l self, container: &'l Container) -> Launching<'l> {
        Launching {
            agent: &self.agent,
            network: &self.network,
            directory: &self.directory,
            place: self.place(),
            pod: &self.pod,
            container,
        }
    }

    /// The id of a container's Mesos task.
    pub(crate) fn task_id(&self, container: &str) -> String {
        self.place().task_id(container)
    }

    fn place(&self) -> Place<'_> {
        Place { instance: &self.id, address: self.address, host: HOST }
    }

    /// A test may panic while it looks; its containers have to end all the same.
    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Tasks) -> T) -> T {
        let changed = change(&mut self.lock());
        self.changed.notify_all();
        changed
    }

    /// Fails containers that still run, and so the whole instance.
    pub(super) fn fail<'n>(&self, containers: impl Iterator<Item = &'n str>, why: &str) {
        let failed = || State::Failed(why.to_owned());
        self.change(|tasks| containers.for_each(|container| tasks.ends(container, failed())));
        self.kill(|_| GROUP_GRACE);
    }

    pub(super) fn checked(&self, container: &str, healthy: bool) {
        self.change(|tasks| tasks.checked(container, healthy));
    }

    /// SIGTERM to all that run, and SIGKILL to each that still does after its time.
    pub(super) fn kill(&self, grace: impl Fn(&Container) -> Duration) {
        if !self.change(Tasks::end) {
            return;
        }
        let start = Instant::now();
        let containers = self.pod.containers.iter();
        let mut graces: Vec<_> = containers.map(|one| (grace(one), &*one.name)).collect();
        graces.sort_unstable();
        for (grace, container) in graces {
            let left = grace.saturating_sub(start.elapsed());
            if !self.wait(left, |tasks| tasks.has_ended(container)) {
                self.change(|tasks| tasks.force(container));
            }
        }
    }

    /// SIGTERM, and after `killGracePeriodSeconds` SIGKILL, as Marathon stops an instance. Tells how
    /// each container ended, once all have.
    pub(crate) fn stop(&self) -> BTreeMap<String, State> {
        self.kill(|container| container.lifecycle.grace());
        self.wait_until("all containers end", Tasks::have_ended);
        self.see(Tasks::states)
    }

    /// What is to be known of its containers now.
    pub(crate) fn see<T>(&self, look: impl FnOnce(&Tasks) -> T) -> T {
        look(&self.lock())
    }

    /// Waits for something of its containers, and panics with all that is known if it does not come.
    /// Of an instance that has ended nothing is to come.
    pub(crate) fn wait_until(&self, what: &str, reached: impl Fn(&Tasks) -> bool) {
        self.wait(PATIENCE, |tasks| reached(tasks) || tasks.have_ended());
        if !self.see(&reached) {
            panic!("{}: waited in vain until {what}\n{}", self.id, self.account());
        }
    }

    pub(super) fn wait_for_the_end(&self) {
        let tasks = self.lock();
        drop(self.changed.wait_while(tasks, |tasks| !tasks.have_ended()));
    }

    fn wait(&self, patience: Duration, reached: impl Fn(&Tasks) -> bool) -> bool {
        let tasks = self.lock();
        let waited = self.changed.wait_timeout_while(tasks, patience, |tasks| !reached(tasks));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// A container, to run commands in.
    pub(crate) fn inside<'i>(&'i self, container: &'i str) -> Inside<'i> {
        Inside { instance: self, container }
    }

    /// A file of a container's sandbox, `stdout` and `stderr` among them; empty if there is none.
    pub(crate) fn sandbox_file(&self, container: &str, name: &str) -> String {
        let path = self.agent.path(self.directory.sandbox(container)).join(name);
        String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
    }

    /// The names of all that lies in a container's sandbox, sorted.
    pub(crate) fn sandbox_files(&self, container: &str) -> Vec<String> {
        let entries = fs::read_dir(self.agent.path(self.directory.sandbox(container))).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).unwrap()).collect();
        names.sort_unstable();
        names
    }

    /// Waits until the pod listens on a port.
    pub(crate) fn wait_for_port(&self, port: u16) {
        let account = || format!("nobody listens on {port}\n{}", self.account());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        wait::until(PATIENCE, account, || self.connect(address).ok());
    }

    /// Waits for a line of a container's stdout, and panics as `wait_until` does.
    pub(crate) fn wait_for_line(&self, container: &str, line: &str) {
        let account = || format!("{container} has not said {line}\n{}", self.account());
        wait::until(PATIENCE, account, || {
            let said = self.sandbox_file(container, "stdout");
            said.lines().any(|one| one == line).then_some(())
        });
    }

    /// Puts a file into a volume, whole, as its owner's alone.
    pub(crate) fn put_into_volume(&self, volume: &str, name: &str, content: &[u8], owner: u32) {
        let file = self.agent.path(self.directory.volume(volume)).join(name);
        let new = file.with_extension("new");
        fs::write(&new, content).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o400)).unwrap();
        chown(&new, Some(owner), Some(owner)).unwrap();
        fs::rename(&new, &file).unwrap();
    }

    /// A connection from within the pod, as its applications make them.
    pub(crate) fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.network.within_the_network(|| TcpStream::connect_timeout(&address, A_CALL))
    }

    /// All that is known, for whoever has to find out what went wrong.
    pub(crate) fn account(&self) -> String {
        let mut account = String::new();
        for (container, state) in self.see(Tasks::states) {
            let _ = writeln!(account, "--- {container}: {state:?}");
            for name in ["stdout", "stderr"] {
                let text = self.sandbox_file(&container, name);
                let lines: Vec<&str> = text.lines().collect();
                let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
                for line in last {
                    let _ = writeln!(account, "{name}: {line}");
                }
            }
        }
        account
    }
}

/// A container of an instance.
#[derive(Clone, Copy)]
pub(crate) struct Inside<'i> {
    pub(crate) instance: &'i Instance,
    container: &'i str,
}

impl Inside<'_> {
    /// Its first process, as the machine counts; it must run.
    pub(crate) fn pid(&self) -> i32 {
        let Self { instance, container } = self;
        let pid = instance.see(|tasks| tasks.pid(container));
        pid.unwrap_or_else(|| panic!("{container} does not run\n{}", instance.account()))
    }

    /// Sends a signal to what the container runs: the child of its first process.
    pub(crate) fn signal(&self, signal: Signal) {
        let first = self.pid().to_string();
        let all = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let pid = entry.unwrap().file_name().into_string().ok()?.parse::<i32>().ok()?;
            // After the name, which may hold anything: the state, and the parent.
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.to_owned();
            (parent == first).then_some(pid)
        });
        let command = all.collect::<Vec<_>>();
        let [command] = command[..] else { panic!("{command:?}{}", self.instance.account()) };
        kill_process(ProcessId::from_raw(command).expect("not 0"), signal).unwrap();
    }

    /// Runs a command in the container, which must run, as `dcos task exec` and health checks do: as
    /// the container's user.
    pub(crate) fn exec(&self, command: &[&str]) -> Output {
        let Self { instance, container } = self;
        let mut containers = instance.pod.containers.iter();
        let definition = containers.find(|one| one.name == *container);
        let definition = definition.expect("a container of the pod");
        let user = instance.launching(definition).user().expect("the container runs as it");
        Command::new("nsenter")
            .args([format!("--target={}", self.pid())])
            .args(["--mount", "--net", "--pid", "--uts"])
            .args([format!("--setuid={}", user.uid), format!("--setgid={}", user.gid), "--".into()])
            .args(command)
            .env_clear()
            .env("PATH", PATH)
            .envs(environment(&instance.pod, definition, &instance.place()))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

/// As a shell tells it.
fn code(status: ExitStatus) -> i32 {
    status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}
