//! The file of the enrolled: what it holds against, and what it forgets.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use marathon_inject::citadel::{Applied, CaError, Enrolments, OsDisk, Subject};
use marathon_inject::identity::Task;
use marathon_inject::identity::x509::rfc3339;
use time::OffsetDateTime;

use crate::disk::Failing;
use crate::site::{Ca, WINDOW, now};

const KEY: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const OTHER: &str = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";

fn task(number: usize) -> Subject {
    Subject::Task(Task::new("/a", &format!("a.instance-{number}.istio-agent")).unwrap())
}

fn open(ca: &Ca) -> Result<Enrolments, CaError> {
    open_at(ca, now())
}

fn open_at(ca: &Ca, at: OffsetDateTime) -> Result<Enrolments, CaError> {
    Enrolments::open(&ca.path, Arc::new(OsDisk), WINDOW, at)
}

fn file(ca: &Ca) -> Utf8PathBuf {
    ca.path.join("enrolments")
}

#[test]
fn what_was_enrolled_is_so_for_one_key_ever_after() {
    let ca = Ca::new();
    for _run in 0..3 {
        let enrolments = open(&ca).unwrap();
        assert!(!enrolments.is_taken(&task(1), KEY));
        assert_eq!(enrolments.enrol(&task(1), KEY, now()).unwrap(), Applied::Enrolled);
        assert_eq!(enrolments.enrol(&task(1), OTHER, now()).unwrap(), Applied::Taken);
        assert!(enrolments.is_taken(&task(1), OTHER) && !enrolments.is_taken(&task(2), OTHER));
    }
}

#[test]
fn the_file_is_its_owners_and_readable_to_people() {
    let ca = Ca::new();
    open(&ca).unwrap().enrol(&task(1), KEY, time::macros::datetime!(2026-11-22 15:00 UTC)).unwrap();
    assert_eq!(file(&ca).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(file(&ca)).unwrap();
    let line = format!("2026-11-22T15:00:00Z {KEY} task /a a.instance-1.istio-agent");
    assert_eq!(text, format!("enrolments v1\n{line}\n"));
}

#[test]
fn two_services_cannot_share_a_directory() {
    let ca = Ca::new();
    let first = open(&ca).unwrap();
    assert!(matches!(open(&ca), Err(CaError::Busy(_))));
    drop(first);
    assert!(open(&ca).is_ok());
}

#[test]
fn a_file_that_others_can_read_or_write_is_refused() {
    let ca = Ca::new();
    drop(open(&ca).unwrap());
    for mode in [0o640, 0o604, 0o620, 0o602] {
        fs::set_permissions(file(&ca), Permissions::from_mode(mode)).unwrap();
        assert!(matches!(open(&ca), Err(CaError::Exposed { .. })), "{mode:o}");
    }
}

#[test]
fn a_last_line_that_was_cut_short_is_dropped_wherever_it_was_cut() {
    let ca = Ca::new();
    let enrolments = open(&ca).unwrap();
    enrolments.enrol(&task(1), KEY, now()).unwrap();
    let before = fs::read(file(&ca)).unwrap().len();
    enrolments.enrol(&task(2), KEY, now()).unwrap();
    drop(enrolments);
    let whole = fs::read(file(&ca)).unwrap();
    for length in 0..whole.len() {
        fs::write(file(&ca), &whole[..length]).unwrap();
        let enrolments = open(&ca).unwrap();
        let known = length >= before;
        assert_eq!(enrolments.is_taken(&task(1), OTHER), known, "{length}");
        assert!(!enrolments.is_taken(&task(2), OTHER), "{length}");
        assert_eq!(enrolments.enrol(&task(3), KEY, now()).unwrap(), Applied::Enrolled);
        drop(enrolments);
        assert!(open(&ca).unwrap().is_taken(&task(3), OTHER), "{length}");
    }
}

#[test]
fn a_line_that_is_no_record_is_no_reason_to_forget() {
    let ca = Ca::new();
    open(&ca).unwrap().enrol(&task(1), KEY, now()).unwrap();
    let good = fs::read_to_string(file(&ca)).unwrap();
    for (bad, at) in [
        (good.replace("v1", "v2"), 1),
        (good.replace(KEY, "abc"), 2),
        (good.replace("task", "pod"), 2),
        (good.replace("/a a", "/a  a"), 2),
        (good.clone() + "\n", 3),
        (good.clone() + "\u{0}\u{0}\n", 3),
    ] {
        fs::write(file(&ca), &bad).unwrap();
        match open(&ca).err() {
            Some(CaError::Enrolments { line, .. }) => assert_eq!(line, at, "{bad}"),
            other => panic!("{bad}: {other:?}"),
        }
        assert_eq!(fs::read_to_string(file(&ca)).unwrap(), bad, "it is left as it is");
    }
}

#[test]
fn what_is_no_sha256_is_not_written() {
    let ca = Ca::new();
    let enrolments = open(&ca).unwrap();
    for key in ["", "abc", &KEY.to_uppercase(), &format!("{KEY}\n")] {
        assert!(enrolments.enrol(&task(1), key, now()).is_err(), "{key}");
    }
    assert!(enrolments.enrol(&Subject::Token("a b\n".to_owned()), KEY, now()).is_err());
    assert_eq!(fs::read_to_string(file(&ca)).unwrap(), "enrolments v1\n");
}

#[test]
fn tasks_are_forgotten_once_no_window_can_be_open_for_them_and_tokens_never() {
    let ca = Ca::new();
    let enrolments = open(&ca).unwrap();
    let (past, token) = (now() - time::Duration::days(2), Subject::Token(KEY.to_owned()));
    enrolments.enrol(&token, KEY, past).unwrap();
    for number in 0..1500 {
        enrolments.enrol(&task(number), KEY, past).unwrap();
    }
    drop(enrolments);
    let enrolments = open(&ca).unwrap();
    assert!(enrolments.is_taken(&token, OTHER));
    assert!(!enrolments.is_taken(&task(1), OTHER));
    assert_eq!(fs::read_to_string(file(&ca)).unwrap().lines().count(), 2);
}

#[test]
fn a_service_is_started_anew_however_many_enrolled_since_yesterday() {
    let ca = Ca::new();
    let line = |number| format!("{} {KEY} {}\n", rfc3339(now()), task(number));
    let lines: String = (0..20_000).map(line).collect();
    drop(open(&ca).unwrap());
    fs::write(file(&ca), format!("enrolments v1\n{lines}")).unwrap();
    let enrolments = open(&ca).unwrap();
    assert!(enrolments.is_taken(&task(19_999), OTHER));
}

#[test]
fn tasks_are_remembered_for_twice_the_window_at_least() {
    let ca = Ca::new();
    let open = |at| {
        let window = Duration::from_secs(7 * 24 * 3600);
        Enrolments::open(&ca.path, Arc::new(OsDisk), window, at).unwrap()
    };
    let enrolments = open(now());
    for number in 0..1100 {
        enrolments.enrol(&task(number), KEY, now()).unwrap();
    }
    drop(enrolments);
    assert!(open(now() + time::Duration::days(13)).is_taken(&task(1), OTHER));
    assert!(!open(now() + time::Duration::days(15)).is_taken(&task(1), OTHER));
}

#[test]
fn a_full_disk_enrols_nobody_and_costs_nobody_that_was_enrolled() {
    let (ca, disk) = (Ca::new(), Arc::new(Failing::default()));
    let enrolments = Enrolments::open(&ca.path, disk.clone(), WINDOW, now()).unwrap();
    enrolments.enrol(&task(1), KEY, now()).unwrap();
    disk.fails(true);
    for _ in 0..3 {
        assert!(matches!(enrolments.enrol(&task(2), KEY, now()), Err(CaError::Io { .. })));
    }
    assert!(!enrolments.is_taken(&task(2), OTHER));
    disk.fails(false);
    assert_eq!(enrolments.enrol(&task(2), OTHER, now()).unwrap(), Applied::Enrolled);
    enrolments.enrol(&task(3), KEY, now()).unwrap();
    drop(enrolments);
    let enrolments = open(&ca).unwrap();
    assert!(enrolments.is_taken(&task(1), OTHER));
    assert!(enrolments.is_taken(&task(2), KEY));
    assert!(enrolments.is_taken(&task(3), OTHER));
}

#[test]
fn of_many_that_come_at_once_each_is_enrolled_once_and_written_once() {
    let ca = Ca::new();
    let enrolments = open(&ca).unwrap();
    let enrol = |number: usize, key: &str| {
        (number, key.to_owned(), enrolments.enrol(&task(number), key, now()).unwrap())
    };
    let applied = std::thread::scope(|scope| {
        let asks = (0..32).flat_map(|number| [(number, KEY), (number, OTHER), (number, KEY)]);
        let threads = asks.map(|(number, key)| scope.spawn(move || enrol(number, key)));
        let threads = threads.collect::<Vec<_>>();
        threads.into_iter().map(|it| it.join().unwrap()).collect::<Vec<_>>()
    });
    drop(enrolments);
    let enrolments = open(&ca).unwrap();
    for (number, key, applied) in applied {
        let taken = enrolments.is_taken(&task(number), &key);
        assert_eq!(taken, applied == Applied::Taken, "{number} {key}");
    }
    assert_eq!(fs::read_to_string(file(&ca)).unwrap().lines().count(), 1 + 32);
}
