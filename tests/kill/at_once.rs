//! Several processes that want the same CA, or the same place for one, at once.

use std::fs::{self, File};
use std::io;
use std::process::{Child, Command, Stdio};

use camino::Utf8Path;
use marathon_inject::bundle::read_archive;
use marathon_inject::citadel::{Access, CaError, Citadel, Disk, OsDisk, Role};
use marathon_inject::identity::TrustDomain;
use marathon_inject::identity::x509::verify;
use time::OffsetDateTime;

use crate::{Home, NOW, Step, list, scratch};

#[test]
fn who_changes_a_ca_has_it_alone_and_who_reads_it_has_it_with_other_readers() {
    let scratch = scratch();
    let home = Home::new(&scratch, "home");
    home.live(&[Step::Create]);
    let ca = File::open(home.ca()).unwrap();
    for access in [Access::Write, Access::Read, Access::Write] {
        let _held = Citadel::open(&home.ca(), access, NOW).unwrap();
        assert!(ca.try_lock().is_err(), "{access:?}");
        assert_eq!(ca.try_lock_shared().is_ok(), access == Access::Read, "{access:?}");
        ca.unlock().unwrap();
    }
}

#[test]
fn processes_that_come_at_once_get_their_bundles_one_after_the_other() {
    let scratch = scratch();
    let home = Home::new(&scratch, "home");
    assert!(citadel(&home, &["init"]).wait().unwrap().success());
    let now = OffsetDateTime::now_utc();
    let held = Citadel::open(&home.ca(), Access::Write, now).unwrap();
    // Each leaf outlives the one before, so each process has something to write down.
    let processes: Vec<_> = (1..=8).map(|hours| bundle(&home, hours)).collect();
    drop(held);

    let mut ends = Vec::new();
    for (process, hours) in processes.into_iter().zip(1..) {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let archive = fs::read(home.0.join(format!("{hours}.tgz"))).unwrap();
        let bundle = read_archive(&archive).unwrap();
        ends.push(verify(&bundle, None, now).unwrap().leaf.facts().not_after);
    }
    let citadel = Citadel::open(&home.ca(), Access::Read, now).unwrap();
    assert!(citadel.active().leaves_until >= ends.into_iter().max());
    assert_eq!(citadel.leftovers().unwrap(), [""; 0]);
}

fn bundle(home: &Home, hours: usize) -> Child {
    citadel(home, &["bundle", "--ttl", &format!("{hours}h"), "-o", &format!("{hours}.tgz")])
}

fn citadel(home: &Home, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_citadel"));
    let command = command.args(args).env_clear().env("CITADEL_DIR", "ca").current_dir(&home.0);
    command.stderr(Stdio::piped()).spawn().unwrap()
}

/// A disk on which, while a CA is being made, another process makes one at the same place.
struct Overtaken<'h>(&'h Home);

impl Disk for Overtaken<'_> {
    fn create_dir(&self, path: &Utf8Path) -> io::Result<()> {
        OsDisk.create_dir(path)
    }

    fn create_file(&self, path: &Utf8Path, content: &[u8]) -> io::Result<()> {
        if path.file_name() == Some("ca-key.pem") {
            let (ca, authority) = (self.0.ca(), self.0.authority("second"));
            let domain = TrustDomain::default();
            Citadel::create(&ca, domain, Role::Signing, &authority, NOW, &OsDisk).unwrap();
        }
        OsDisk.create_file(path, content)
    }

    fn append(&self, file: &File, content: &[u8]) -> io::Result<()> {
        OsDisk.append(file, content)
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        OsDisk.rename(from, to)
    }

    fn remove(&self, path: &Utf8Path) -> io::Result<()> {
        OsDisk.remove(path)
    }
}

#[test]
fn of_two_that_make_a_ca_at_one_place_the_first_to_finish_wins() {
    let scratch = scratch();
    let home = Home::new(&scratch, "home");
    let refused = Step::Create.take(&home, &Overtaken(&home)).unwrap_err();
    // It came as far as the last step: nobody had swept its files away.
    assert!(matches!(&refused, CaError::Exists(path) if *path == home.ca()), "{refused}");
    let citadel = Citadel::open(&home.ca(), Access::Read, NOW).unwrap();
    assert_eq!(citadel.roots(), home.authority("second").roots());
    assert_eq!(list(&home.0), ["ca"]);
}
