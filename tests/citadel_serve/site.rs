//! The directory of a CA, and the service in it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use camino::Utf8PathBuf;
use marathon_inject::citadel::{Access, Citadel, OsDisk, Role};
use marathon_inject::identity::x509::{
    Authority, AuthorityProfile, Certificate, KeyKind, LeafProfile, PrivateKey, hex,
};
use marathon_inject::identity::{SpiffeId, Task, TrustDomain};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::client::{Dial, Identity};

const CITADEL: &str = env!("CARGO_BIN_EXE_citadel");

/// A service with the list of tokens.
const LISTED: &str = "--listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 --audit-log audit.log \
                      --attest static --static-tokens tokens.toml";

/// How long anything may take: only a broken test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many tokens the list has, `token-0` and so on, all for [`DEFAULT`].
const TOKENS: usize = 16;

/// Who all are whose tokens are listed, and the bundles that are made here.
pub(crate) const DEFAULT: &str = "spiffe://cluster.local/ns/default/sa/default";

/// A directory with the CA `ca` and the list `tokens.toml`.
pub(crate) struct Site {
    dir: TempDir,
}

impl Site {
    /// A root with a key on P-256.
    pub(crate) fn new() -> Self {
        Self::with(KeyKind::P256)
    }

    /// A root with such a key, that ends in ten years.
    pub(crate) fn with(key: KeyKind) -> Self {
        Self::lasting(key, Duration::from_secs(10 * 365 * 24 * 3600))
    }

    /// A root with such a key, that ends so soon.
    pub(crate) fn lasting(key: KeyKind, ttl: Duration) -> Self {
        Self::of(&root(key, ttl))
    }

    /// An intermediate, whose root is elsewhere.
    pub(crate) fn intermediate() -> Self {
        let (org, ttl) = ("mesh".parse().unwrap(), Duration::from_secs(24 * 3600));
        let profile = AuthorityProfile { organization: &org, ttl, key: KeyKind::P256, path_len: 0 };
        let root = root(KeyKind::P256, 2 * ttl);
        Self::of(&root.intermediate(&profile, OffsetDateTime::now_utc()).unwrap())
    }

    /// A root in the last tenth of its life, which is ten hours.
    pub(crate) fn late() -> Self {
        let hour = Duration::from_secs(3600);
        Self::of(&root_of(OffsetDateTime::now_utc() - 9 * hour, KeyKind::P256, 10 * hour))
    }

    fn of(authority: &Authority) -> Self {
        let site = Self { dir: tempfile::tempdir().unwrap() };
        let (now, domain) = (OffsetDateTime::now_utc(), TrustDomain::default());
        Citadel::create(&site.path("ca"), domain, Role::Signing, authority, now, &OsDisk).unwrap();
        let listed = |token: usize| {
            let sha256 = hex(digest(&SHA256, format!("token-{token}").as_bytes()).as_ref());
            format!("[[token]]\nsha256 = \"{sha256}\"\nidentity = \"{DEFAULT}\"\n\n")
        };
        site.write("tokens.toml", &(0..TOKENS).map(listed).collect::<String>());
        site
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8PathBuf::try_from(self.dir.path().join(name)).unwrap()
    }

    /// Writes a file that nobody else can read.
    pub(crate) fn write(&self, name: &str, text: &str) {
        use std::io::Write;
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600);
        file.open(self.path(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    /// The roots of the CA as it is now.
    pub(crate) fn roots(&self) -> Vec<Certificate> {
        self.opened().roots()
    }

    pub(crate) fn opened(&self) -> Citadel {
        Citadel::open(&self.path("ca"), Access::Read, OffsetDateTime::now_utc()).unwrap()
    }

    /// What shows to be `identity` for so long, signed by the CA as it is now.
    pub(crate) fn identity(&self, identity: &str, task: Option<&Task>, ttl: Duration) -> Identity {
        let identity: SpiffeId = identity.parse().unwrap();
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        let profile = LeafProfile { identity: &identity, organization: None, task, ttl };
        let (citadel, now) = (self.opened(), OffsetDateTime::now_utc());
        let authority = citadel.active().authority;
        let leaf = authority.sign(&profile, &key.public_key(), now).unwrap();
        let between = authority.intermediates().iter().cloned();
        Identity { chain: [leaf].into_iter().chain(between).collect(), key: key.to_pem() }
    }

    /// A run of `citadel` that ends by itself, with the arguments of this line.
    pub(crate) fn citadel(&self, line: &str) -> Output {
        assert_cmd::Command::from_std(self.command(line)).timeout(PATIENCE).output().unwrap()
    }

    /// The same, which has to do what it is told.
    pub(crate) fn done(&self, line: &str) {
        let Output { status, stderr, .. } = self.citadel(line);
        assert!(status.success(), "{line}: {}", String::from_utf8_lossy(&stderr));
    }

    fn command(&self, line: &str) -> Command {
        self.command_of(CITADEL, line)
    }

    fn command_of(&self, program: &str, line: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir.path()).env_clear().args(line.split_whitespace());
        command.stdin(Stdio::null());
        command
    }

    /// The service with the list of tokens, and more arguments.
    pub(crate) fn serve(&self, more: &str) -> Service {
        self.serve_as(&format!("--attest static --static-tokens tokens.toml {more}"))
    }

    /// The service with these arguments. Without any on the audit log that is `audit.log`.
    pub(crate) fn serve_as(&self, line: &str) -> Service {
        let audit = if line.contains("--audit-log") { "" } else { "--audit-log audit.log" };
        let any = "--listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0";
        let mut command = self.command(&format!("serve {any} {audit} {line}"));
        Service::start(&mut command, self.roots())
    }

    /// The service with the list of tokens, from a shell that has done something before.
    pub(crate) fn serve_after(&self, prelude: &str) -> Service {
        let script = format!("{prelude}; exec \"$0\" \"$@\"");
        let serve = self.command(&format!("serve {LISTED}"));
        let mut command = Command::new("/bin/sh");
        command.current_dir(self.dir.path()).env_clear().arg("-c").arg(script);
        command.arg(CITADEL).args(serve.get_args()).stdin(Stdio::null());
        Service::start(&mut command, self.roots())
    }

    /// The service with the list of tokens, by root as another user, to whom all of this site then
    /// belongs.
    pub(crate) fn serve_as_user(&self, uid: u32) -> Service {
        let (roots, program) = (self.roots(), self.path("citadel"));
        assert!(Command::new("cp").args([CITADEL, program.as_str()]).status().unwrap().success());
        let owner = format!("{uid}:{uid}");
        let chown = Command::new("chown").args(["-R", &owner, "."]).current_dir(&self.dir).status();
        assert!(chown.unwrap().success());
        let mut command = self.command_of(program.as_str(), &format!("serve {LISTED}"));
        Service::start(command.uid(uid).gid(uid), roots)
    }

    /// The service with these variables, and no arguments.
    pub(crate) fn serve_in(&self, environment: &[(&str, &str)]) -> Service {
        let mut command = self.command("serve");
        command.envs(environment.iter().copied());
        Service::start(&mut command, self.roots())
    }

    /// The lines of the audit log.
    pub(crate) fn audited(&self) -> Vec<Value> {
        self.read("audit.log").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A root.
pub(crate) fn root(key: KeyKind, ttl: Duration) -> Authority {
    root_of(OffsetDateTime::now_utc(), key, ttl)
}

/// A root that was made then.
fn root_of(made: OffsetDateTime, key: KeyKind, ttl: Duration) -> Authority {
    let org = "mesh".parse().unwrap();
    let profile = AuthorityProfile { organization: &org, ttl, key, path_len: 1 };
    Authority::root(&profile, made).unwrap()
}

/// What a process has said so far.
#[derive(Clone, Default)]
struct Said(Arc<(Mutex<String>, Condvar)>);

impl Said {
    /// Listens until the process says no more.
    fn listen(from: impl Read + Send + 'static) -> Self {
        let said = Self::default();
        let heard = said.clone();
        thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                heard.0.0.lock().unwrap().push_str(&(line + "\n"));
                heard.0.1.notify_all();
            }
        });
        said
    }

    /// Waits for a line that begins so; what follows in it.
    fn wait_for(&self, beginning: &str) -> Option<String> {
        let find = |said: &str| {
            said.lines().find_map(|line| line.strip_prefix(beginning).map(str::to_owned))
        };
        let (said, more) = &*self.0;
        let missing = |said: &mut String| find(said).is_none();
        let waited = more.wait_timeout_while(said.lock().unwrap(), PATIENCE, missing).unwrap();
        find(&waited.0)
    }

    fn all(&self) -> String {
        self.0.0.lock().unwrap().clone()
    }
}

/// The service, until it is dropped.
pub(crate) struct Service {
    child: Child,
    out: Said,
    err: Said,
    pub(crate) address: SocketAddr,
    pub(crate) metrics: SocketAddr,
    roots: Vec<Certificate>,
}

impl Service {
    fn start(command: &mut Command, roots: Vec<Certificate>) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = Said::listen(child.stdout.take().unwrap());
        let err = Said::listen(child.stderr.take().unwrap());
        let address = |what: &str| match err.wait_for(&format!("{what} on ")) {
            Some(address) => address.parse().unwrap(),
            None => panic!("it does not listen: {}", err.all()),
        };
        let (metrics, address) = (address("metrics"), address("listening"));
        Self { child, out, err, address, metrics, roots }
    }

    /// A client of it, that trusts the roots that there were when it began.
    pub(crate) fn dial(&self) -> Dial {
        Dial::new(self.address, &self.roots)
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until it has ended, soon enough.
    pub(crate) fn ended(mut self) -> ExitStatus {
        eventually("the service ends", || self.child.try_wait().unwrap())
    }

    /// Whose the files are that the system has on it, its environment among them.
    pub(crate) fn owner(&self) -> u32 {
        fs::metadata(format!("/proc/{}/environ", self.child.id())).unwrap().uid()
    }

    /// What it says on standard error.
    pub(crate) fn log(&self) -> String {
        self.err.all()
    }

    /// What it says on standard output.
    pub(crate) fn said(&self) -> String {
        self.out.all()
    }

    /// The answer to a request over HTTP where it is watched: status and body.
    pub(crate) fn watch(&self, path: &str) -> (u16, String) {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(self.metrics).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: citadel\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// The value of a metric, with its labels if it has some.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let (_, text) = self.watch("/metrics");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(|value| value.parse().unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until there is something.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "in vain it was waited that {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
