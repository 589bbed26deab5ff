//! A CA is as it was before a step or as it is after it, wherever in the step its process is
//! killed, and however many processes come at once; and whoever was told to be enrolled is.
//!
//! A test here runs itself anew as a process that dies at a moment of its writing to the disk: at
//! the first moment, at the second, and so on until one lives to the end.

#[path = "kill/at_once.rs"]
mod at_once;
#[path = "kill/enrolling.rs"]
mod enrolling;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, abort};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::citadel::{
    Access, BundleRequest, CaError, Citadel, Disk, OsDisk, Patience, Phase, Role,
};
use marathon_inject::identity::x509::{
    Authority, AuthorityFiles, AuthorityProfile, Certificate, KeyKind, to_pem, verify,
};
use marathon_inject::identity::{ServiceAccount, SpiffeId, TrustDomain};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Tell a process which step it is to take where, and at which moment it dies.
const HOME: &str = "KILL_HOME";
const DEATH: &str = "KILL_AT";

/// What happens to a CA in its life.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Create,
    Promise,
    Prepare,
    Activate,
    Retire,
    Cancel,
    Renew,
}

/// From one root to the next.
const LIFE: &[Step] = &[Step::Create, Step::Promise, Step::Prepare, Step::Activate, Step::Retire];

/// On the way to the next root, and back.
const DETOUR: &[Step] = &[Step::Create, Step::Promise, Step::Prepare, Step::Cancel];

/// The same root for longer.
const STAY: &[Step] = &[Step::Create, Step::Promise, Step::Renew];

impl Step {
    fn take(self, home: &Home, disk: &dyn Disk) -> Result<(), CaError> {
        let open = || Citadel::open(&home.ca(), Access::Write, NOW);
        match self {
            Self::Create => {
                let (domain, authority) = (TrustDomain::default(), home.authority("first"));
                Citadel::create(&home.ca(), domain, Role::Signing, &authority, NOW, disk)
            }
            Self::Promise => open()?.promise(NOW + DAY, disk),
            Self::Prepare => open()?.prepare(home.authority("second"), NOW, disk),
            Self::Activate => open()?.activate(Patience::Force, NOW, disk),
            Self::Retire => open()?.retire(Patience::Force, NOW, disk),
            Self::Cancel => open()?.cancel(disk),
            Self::Renew => open()?.renew(Some(1000 * DAY), NOW, disk),
        }
    }
}

/// A directory for one CA, beside the files of the authorities that all CAs of a test have.
struct Home(Utf8PathBuf);

impl Home {
    fn new(scratch: &Utf8Path, name: &str) -> Self {
        let home = scratch.join(name);
        fs::create_dir(&home).unwrap();
        Self(home)
    }

    fn ca(&self) -> Utf8PathBuf {
        self.0.join("ca")
    }

    fn authority(&self, name: &str) -> Authority {
        let read = |file| fs::read(self.0.with_file_name(format!("{name}-{file}"))).unwrap();
        let (key, root) = (read("key.pem"), read("cert.pem"));
        let files = AuthorityFiles { key: &key, certificate: &root, chain: &[], roots: &root };
        Authority::from_pem(&files, NOW).unwrap()
    }

    /// The CA's life up to a step.
    fn live(&self, steps: &[Step]) {
        for step in steps {
            step.take(self, &OsDisk).unwrap_or_else(|error| panic!("{step:?}: {error}"));
        }
    }

    /// Where the CA stands; `None` where there is none.
    fn standing(&self) -> Option<Standing> {
        let citadel = match Citadel::open(&self.ca(), Access::Read, NOW) {
            Err(CaError::Missing(_)) => return None,
            opened => opened.unwrap_or_else(|error| panic!("{error}")),
        };
        let members = [Some(citadel.active()), citadel.other()].into_iter().flatten();
        Some(Standing {
            phase: citadel.phase(),
            members: members
                .map(|it| (known(it.authority.certificate()), it.leaves_until))
                .collect(),
            roots: citadel.roots().iter().map(known).collect(),
        })
    }
}

/// All that others see of a CA.
#[derive(Debug, PartialEq)]
struct Standing {
    phase: Phase,
    members: Vec<(Known, Option<OffsetDateTime>)>,
    roots: Vec<Known>,
}

/// A certificate by its name, which no other authority has, and its end. Of one that is renewed
/// there is another each time, alike but for its serial number.
type Known = (String, OffsetDateTime);

fn known(certificate: &Certificate) -> Known {
    (certificate.facts().subject.clone(), certificate.facts().not_after)
}

/// A disk whose process dies at a moment of the work.
struct Deadly {
    moments_left: AtomicUsize,
}

impl Deadly {
    /// A disk that does not live beyond this moment.
    fn at(moment: &str) -> Self {
        Self { moments_left: AtomicUsize::new(moment.parse().unwrap()) }
    }

    /// Another moment passes; whether it is the one to die at.
    fn is_now(&self) -> bool {
        self.moments_left.fetch_sub(1, Ordering::Relaxed) == 1
    }

    fn die_before_this(&self) {
        if self.is_now() {
            abort();
        }
    }
}

impl Disk for Deadly {
    fn create_dir(&self, path: &Utf8Path) -> io::Result<()> {
        self.die_before_this();
        OsDisk.create_dir(path)
    }

    fn create_file(&self, path: &Utf8Path, content: &[u8]) -> io::Result<()> {
        self.die_before_this();
        for written in [&content[..content.len() / 2], content] {
            if self.is_now() {
                let mut file = OpenOptions::new();
                file.write(true).create_new(true).mode(0o600).open(path)?.write_all(written)?;
                abort();
            }
        }
        OsDisk.create_file(path, content)
    }

    fn append(&self, mut file: &File, content: &[u8]) -> io::Result<()> {
        self.die_before_this();
        for written in [&content[..content.len() / 2], content] {
            if self.is_now() {
                file.write_all(written)?;
                abort();
            }
        }
        OsDisk.append(file, content)
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        self.die_before_this();
        OsDisk.rename(from, to)
    }

    fn remove(&self, path: &Utf8Path) -> io::Result<()> {
        self.die_before_this();
        if let Ok(mut inside) = path.read_dir_utf8()
            && let Some(first) = inside.next()
            && self.is_now()
        {
            OsDisk.remove(first?.path())?;
            abort();
        }
        OsDisk.remove(path)
    }
}

/// Holds the CA against a life with one step that is cut short at every moment, of which there
/// are `at_least` so many. `test` is the name of the test, which runs itself anew.
fn survives(test: &str, life: &[Step], step: Step, at_least: usize) {
    if let (Ok(home), Ok(death)) = (std::env::var(HOME), std::env::var(DEATH)) {
        return step.take(&Home(home.into()), &Deadly::at(&death)).unwrap();
    }
    let scratch = scratch();
    let at = life.iter().position(|it| *it == step).unwrap();
    let (done, to_come) = life.split_at(at);
    let (before, after) = (Home::new(&scratch, "before"), Home::new(&scratch, "after"));
    before.live(done);
    after.live(&life[..=at]);
    let (before, after) = (before.standing(), after.standing());
    assert_ne!(before, after);

    let mut deaths = 0;
    while let Some(home) = killed(test, &scratch, done, &[deaths + 1]) {
        deaths += 1;
        mends(&home, to_come, &before, &after);
        // Whoever mends what the first death left can die over it as well.
        if let Some(home) = killed(test, &scratch, done, &[deaths, 2]) {
            mends(&home, to_come, &before, &after);
        }
    }
    assert!(deaths >= at_least, "{step:?} was killed at {deaths} moments only");
}

/// A CA whose step has been killed at a moment, and again when it was repeated; `None` if the step
/// was over before.
fn killed(test: &str, scratch: &Utf8Path, done: &[Step], moments: &[usize]) -> Option<Home> {
    let name = moments.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
    let home = Home::new(scratch, &name);
    home.live(done);
    for moment in moments {
        let output = run_anew(test, &home, *moment);
        match output.status.signal() {
            Some(_) => {}
            // A step that is repeated may say that it is done.
            None if output.status.success() || moments.len() > 1 => return None,
            None => panic!("{name}: {}", String::from_utf8_lossy(&output.stdout)),
        }
    }
    Some(home)
}

/// The test runs itself anew, as a process that dies at a moment.
fn run_anew(test: &str, home: &Home, moment: usize) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact"])
        .env(HOME, &home.0)
        .env(DEATH, moment.to_string())
        .output()
        .unwrap()
}

/// Holds that a CA after a kill is as before the step or as after it, that it certifies, and that
/// it can be led to the end of its life, where nothing of the kill is left.
fn mends(home: &Home, to_come: &[Step], before: &Option<Standing>, after: &Option<Standing>) {
    let standing = home.standing();
    assert!(standing == *before || standing == *after, "{}: {standing:#?}", home.0);
    if standing.is_some() {
        certifies(&home.ca());
    }
    let again = to_come[0].take(home, &OsDisk);
    assert!(again.is_ok() || standing == *after, "{}: {again:?}", home.0);
    assert_eq!(home.standing(), *after, "{}", home.0);
    home.live(&to_come[1..]);

    certifies(&home.ca());
    let citadel = Citadel::open(&home.ca(), Access::Read, NOW).unwrap();
    assert_eq!(citadel.leftovers().unwrap(), [""; 0], "{}", home.0);
    assert_eq!(list(&home.ca()), [citadel.active().id.as_str(), "state.json"], "{}", home.0);
    assert_eq!(list(&home.0), ["ca"]);
}

/// Holds that a CA makes a bundle that serves.
fn certifies(ca: &Utf8Path) {
    let citadel = Citadel::open(ca, Access::Write, NOW).unwrap();
    let identity = SpiffeId::new(citadel.trust_domain().clone(), ServiceAccount::default());
    let request =
        BundleRequest { identity: &identity, organization: None, ttl: DAY, key: KeyKind::P256 };
    let (bundle, _) = citadel.issue(&request, NOW).unwrap();
    assert_eq!(verify(&bundle, Some(&identity), NOW).map(|good| good.identity), Ok(identity));
}

fn list(dir: &Utf8Path) -> Vec<String> {
    let entries = dir.read_dir_utf8().unwrap();
    let mut names: Vec<_> = entries.map(|it| it.unwrap().file_name().to_owned()).collect();
    names.sort();
    names
}

/// A directory with the files of two authorities.
fn scratch() -> Scratch {
    let dir = TempDir::new().unwrap();
    let path = Utf8PathBuf::try_from(dir.path().canonicalize().unwrap()).unwrap();
    for name in ["first", "second"] {
        let profile = AuthorityProfile {
            organization: &name.parse().unwrap(),
            ttl: 365 * DAY,
            key: KeyKind::P256,
            path_len: 0,
        };
        let authority = Authority::root(&profile, NOW).unwrap();
        let key = authority.key().to_pem();
        fs::write(path.join(format!("{name}-key.pem")), key.as_bytes()).unwrap();
        fs::write(path.join(format!("{name}-cert.pem")), to_pem(authority.roots())).unwrap();
    }
    Scratch { path, _dir: dir }
}

struct Scratch {
    path: Utf8PathBuf,
    _dir: TempDir,
}

impl std::ops::Deref for Scratch {
    type Target = Utf8Path;

    fn deref(&self) -> &Utf8Path {
        &self.path
    }
}

#[test]
fn a_ca_survives_a_kill_while_it_is_made() {
    // Two directories, the authority's four files, the state's one, three renames.
    survives("a_ca_survives_a_kill_while_it_is_made", LIFE, Step::Create, 2 + 5 * 3 + 3);
}

#[test]
fn a_ca_survives_a_kill_while_it_notes_how_long_its_leaves_live() {
    let test = "a_ca_survives_a_kill_while_it_notes_how_long_its_leaves_live";
    survives(test, LIFE, Step::Promise, 3 + 1);
}

#[test]
fn a_ca_survives_a_kill_while_it_takes_in_the_next_authority() {
    let test = "a_ca_survives_a_kill_while_it_takes_in_the_next_authority";
    survives(test, LIFE, Step::Prepare, 1 + 5 * 3 + 2);
}

#[test]
fn a_ca_survives_a_kill_while_it_changes_to_the_next_authority() {
    let test = "a_ca_survives_a_kill_while_it_changes_to_the_next_authority";
    survives(test, LIFE, Step::Activate, 3 + 1);
}

#[test]
fn a_ca_survives_a_kill_while_it_destroys_the_previous_authority() {
    let test = "a_ca_survives_a_kill_while_it_destroys_the_previous_authority";
    survives(test, LIFE, Step::Retire, 3 + 1 + 2);
}

#[test]
fn a_ca_survives_a_kill_while_it_takes_back_the_next_authority() {
    let test = "a_ca_survives_a_kill_while_it_takes_back_the_next_authority";
    survives(test, DETOUR, Step::Cancel, 3 + 1 + 2);
}

#[test]
fn a_ca_survives_a_kill_while_its_root_is_renewed() {
    // The directory, the authority's five files, the state's one, two renames, and the end of the
    // directory of before.
    let test = "a_ca_survives_a_kill_while_its_root_is_renewed";
    survives(test, STAY, Step::Renew, 1 + 6 * 3 + 2 + 2);
}
