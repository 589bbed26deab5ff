//! A scratch directory, and the binary run in it with an environment of its own. Whatever is run,
//! no key of the directory may be in what it says.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use marathon_inject::bundle::read_archive;
use marathon_inject::citadel::{Citadel, OsDisk, Role};
use marathon_inject::identity::TrustDomain;
use marathon_inject::identity::x509::{Authority, AuthorityProfile, Bundle, Certificate, KeyKind};
use serde_json::Value;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use crate::secrets::Secrets;

/// The binary under test.
pub(crate) const CITADEL: &str = env!("CARGO_BIN_EXE_citadel");

const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What is in a directory: each name with its mode and, of a file, its content.
pub(crate) type Snapshot = BTreeMap<String, (u32, Vec<u8>)>;

/// A directory for one test.
pub(crate) struct Scratch {
    dir: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A directory in which `citadel init` has made the CA `ca`.
    pub(crate) fn with_ca() -> Self {
        let scratch = Self::new();
        scratch.citadel("init").done();
        scratch
    }

    /// Makes a root CA `dir` as if it were `at` now, through the library.
    pub(crate) fn ca_from(self, dir: &str, at: OffsetDateTime, ttl: Duration) -> Self {
        let (ttl, key) = (ttl.unsigned_abs(), KeyKind::P256);
        let past = "Past".parse().unwrap();
        let profile = AuthorityProfile { organization: &past, ttl, key, path_len: 0 };
        let authority = Authority::root(&profile, at).unwrap();
        let path = camino::Utf8PathBuf::try_from(self.path(dir)).unwrap();
        let (domain, role) = (TrustDomain::default(), Role::Signing);
        Citadel::create(&path, domain, role, &authority, at, &OsDisk).unwrap();
        self
    }

    /// Adds a file, and the directories that it is in.
    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.write(name, bytes);
        self
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Adds an empty directory.
    pub(crate) fn directory(self, name: &str) -> Self {
        fs::create_dir_all(self.path(name)).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    pub(crate) fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// All that is in a directory, with bytes and modes; `""` is the scratch directory.
    pub(crate) fn snapshot(&self, name: &str) -> Snapshot {
        let mut snapshot = Snapshot::new();
        list(&self.path(name), "", &mut snapshot);
        snapshot
    }

    /// The names of all that is in a directory, sorted; that of a directory ends in `/`.
    pub(crate) fn names(&self, name: &str) -> Vec<String> {
        self.snapshot(name).into_keys().collect()
    }

    /// The certificates of a PEM file.
    pub(crate) fn certificates(&self, name: &str) -> Vec<Certificate> {
        Certificate::all_from_pem(&self.read(name)).unwrap()
    }

    /// The bundle of an archive.
    pub(crate) fn bundle(&self, name: &str) -> Bundle {
        read_archive(&self.read(name)).unwrap()
    }

    /// The first certificate of an archive's chain.
    pub(crate) fn leaf(&self, name: &str) -> Certificate {
        Certificate::all_from_pem(&self.bundle(name).cert_chain).unwrap().swap_remove(0)
    }

    /// The directory of a CA's signing authority, as `ca/0123456789abcdef`.
    pub(crate) fn active(&self, ca: &str) -> String {
        let state: Value = serde_json::from_slice(&self.read(&format!("{ca}/state.json"))).unwrap();
        format!("{ca}/{}", state["rotation"]["active"]["id"].as_str().unwrap())
    }

    /// The certificate of a CA's signing authority.
    pub(crate) fn signer(&self, ca: &str) -> Certificate {
        self.certificates(&format!("{}/ca-cert.pem", self.active(ca))).swap_remove(0)
    }

    /// What `inspect --json` shows of something.
    pub(crate) fn shown(&self, subject: &str) -> Value {
        let told = self.citadel("inspect --json").arg(subject).done();
        serde_json::from_str(&told.out()).unwrap()
    }

    /// A run of `citadel` here, with the arguments of this line.
    pub(crate) fn citadel(&self, line: &str) -> Run<'_> {
        self.run(CITADEL).args(line)
    }

    /// The same from a shell that has done something before.
    pub(crate) fn citadel_after(&self, prelude: &str, line: &str) -> Run<'_> {
        let script = format!("{prelude}; exec \"$0\" \"$@\"");
        self.run("sh").arg("-c").arg(&script).arg(CITADEL).args(line)
    }

    /// A run of any program here.
    pub(crate) fn run(&self, program: &str) -> Run<'_> {
        let mut command = Command::new(program);
        command.current_dir(self.dir.path()).env_clear().env("PATH", SYSTEM_PATH);
        Run { command, scratch: self }
    }
}

fn list(dir: &Path, below: &str, snapshot: &mut Snapshot) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = format!("{below}{}", entry.file_name().into_string().unwrap());
        let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
        if kind.is_dir() {
            list(&path, &format!("{name}/"), snapshot);
            snapshot.insert(format!("{name}/"), (mode, Vec::new()));
        } else if kind.is_file() {
            snapshot.insert(name, (mode, fs::read(path).unwrap()));
        } else {
            snapshot.insert(name, (mode, b"neither a file nor a directory".to_vec()));
        }
    }
}

/// A run that is about to start. Standard input is empty and no terminal, unless given.
pub(crate) struct Run<'s> {
    command: Command,
    scratch: &'s Scratch,
}

impl Run<'_> {
    /// The arguments of a line, parted by blanks.
    pub(crate) fn args(mut self, line: &str) -> Self {
        self.command.args(line.split_whitespace());
        self
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.command.write_stdin(bytes);
        self
    }

    /// Runs it. No key that was there before or is there now may be in what it says.
    pub(crate) fn told(self) -> Told {
        self.watched().1
    }

    /// Runs it between two looks at the directory.
    fn watched(mut self) -> (Snapshot, Told, Snapshot) {
        let before = self.scratch.snapshot("");
        let Output { status, stdout, stderr } = self.command.output().unwrap();
        let after = self.scratch.snapshot("");
        for snapshot in [&before, &after] {
            let secrets = Secrets::of(snapshot);
            secrets.assert_not_in(&stdout);
            secrets.assert_not_in(&stderr);
        }
        let err = String::from_utf8(stderr).unwrap();
        (before, Told { code: status.code(), bytes: stdout, err }, after)
    }

    /// Expects exit code 0.
    pub(crate) fn done(self) -> Told {
        self.ends(0)
    }

    /// Expects exit code 2, nothing on stdout, and that all files and directories are as before.
    pub(crate) fn refused(self) -> Told {
        let (before, told, after) = self.watched();
        assert_eq!(told.code, Some(2), "{}", told.err);
        let names = |snapshot: &Snapshot| snapshot.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&after), names(&before), "{}", told.err);
        let same = after == before;
        assert!(same, "the content or the mode of a file has changed: {}", told.err);
        assert_eq!(told.out(), "");
        assert_ne!(told.err, "", "it is refused without a word");
        told
    }

    pub(crate) fn ends(self, code: i32) -> Told {
        let told = self.told();
        assert_eq!(told.code, Some(code), "{}", told.err);
        told
    }
}

/// What a run said and how it ended.
pub(crate) struct Told {
    code: Option<i32>,
    /// Standard output.
    pub(crate) bytes: Vec<u8>,
    /// Standard error.
    pub(crate) err: String,
}

impl Told {
    /// Standard output as text.
    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    /// Expects `words` on standard error.
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.err.contains(words), "{words:?} is missing in:\n{}", self.err);
        self
    }

    /// Expects `words` on standard output.
    pub(crate) fn shows(self, words: &str) -> Self {
        assert!(self.out().contains(words), "{words:?} is missing in:\n{}", self.out());
        self
    }
}

/// Whether a program can be run; if not, says aloud what goes untested.
pub(crate) fn there_is(program: &str, otherwise: &str) -> bool {
    let there = SYSTEM_PATH.split(':').any(|dir| Path::new(dir).join(program).exists());
    if !there {
        // Not `eprintln!`: of a test that passes, the harness shows nothing of that.
        let mut out = std::io::stderr();
        writeln!(out, "skipped: no command `{program}`, so {otherwise} is not tested").unwrap();
    }
    there
}
