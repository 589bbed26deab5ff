//! Every fixture through the program itself: what it reports, and where it changes the document
//! the patch, the diff and the new text, one snapshot a fixture. The fixtures below `invalid/`
//! are refused: a report and nothing else. `fixtures/README.md` says what each is there for.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use json_patch::Patch;
use marathon_inject::document::Source;
use marathon_inject::plan::{Change, Injector, Outcome, Overlay};
use marathon_inject::settings::{Settings, parse_file};
use serde_json::Value;
use support::{changed, errors, injected, refused_by_marathon, removed};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/fixtures");

/// The names that the snapshots show the scripts by, and the scripts.
const SCRIPTS: [(&str, &str); 5] = [
    (
        "istio-init",
        concat!(
            include_str!("../src/plan/scripts/istio-init/bundle.sh"),
            include_str!("../src/plan/scripts/istio-init/capture.sh")
        ),
    ),
    (
        "istio-proxy",
        concat!(
            include_str!("../src/plan/scripts/istio-proxy/begin.sh"),
            include_str!("../src/plan/scripts/istio-proxy/bundle.sh"),
            include_str!("../src/plan/scripts/istio-proxy/pilot-agent.sh")
        ),
    ),
    (
        "istio-init-beside-an-agent",
        concat!(
            include_str!("../src/plan/scripts/istio-init/agent.sh"),
            include_str!("../src/plan/scripts/istio-init/capture.sh")
        ),
    ),
    (
        "istio-proxy-beside-an-agent",
        concat!(
            include_str!("../src/plan/scripts/istio-proxy/begin.sh"),
            include_str!("../src/plan/scripts/istio-proxy/agent.sh"),
            include_str!("../src/plan/scripts/istio-proxy/pilot-agent.sh")
        ),
    ),
    ("istio-agent", include_str!("../src/plan/scripts/istio-agent.sh")),
];

/// What lies beside a document, and the argument that it is given with.
const COMPANIONS: [(&str, &str); 2] =
    [("settings.toml", "--config"), ("overlay.json", "--overlay")];

/// A document and what it is to be injected with.
struct Fixture {
    /// `fixtures`, or a folder in it.
    folder: PathBuf,
    name: String,
}

impl Fixture {
    /// The fixtures of a folder, sorted.
    fn all(folder: &str) -> Vec<Self> {
        let folder = Path::new(FIXTURES).join(folder);
        let names = file_names(&folder).into_iter();
        let names = names.filter_map(|file| file.strip_suffix(".json").map(str::to_owned));
        let documents = names.filter(|name| !name.ends_with(".overlay"));
        documents.map(|name| Self { folder: folder.clone(), name }).collect()
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    fn read(&self, ending: &str) -> Option<String> {
        fs::read_to_string(self.path(ending)).ok()
    }

    /// The document's text.
    fn text(&self) -> String {
        self.read("json").unwrap()
    }

    /// Runs the program on it.
    fn run(&self, emit: &str) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_inject"));
        program.current_dir(&self.folder).env_clear();
        program.args([&format!("{}.json", self.name), "--emit", emit]);
        for (ending, argument) in COMPANIONS {
            if self.path(ending).exists() {
                program.args([argument, &format!("{}.{ending}", self.name)]);
            }
        }
        program.output().unwrap()
    }

    /// Runs the program on it, which must succeed.
    fn result(&self, emit: &str) -> Run {
        let output = self.run(emit);
        let report = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{report}");
        Run { result: String::from_utf8(output.stdout).unwrap(), report }
    }

    /// What the program makes of its companions.
    fn injector(&self) -> Injector {
        let mut settings = Settings::default();
        let file = parse_file(&self.read("settings.toml").unwrap_or_default()).unwrap();
        for (key, text, _) in file.settings {
            settings.set(key, &text).unwrap();
        }
        let overlay = self.read("overlay.json");
        let overlay = overlay.map(|text| Overlay::parse(&Source::new("overlay", text)).unwrap());
        Injector::new(settings, overlay.into_iter().collect())
    }

    /// Compares with the snapshot.
    fn assert_snapshot(&self, text: &str) {
        let below = self.folder.strip_prefix(FIXTURES).unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(Path::new(SNAPSHOTS).join(below));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(self.name.as_str(), visible(text)));
    }
}

/// A run of the program.
struct Run {
    result: String,
    report: String,
}

/// The names of the files of a folder, sorted.
fn file_names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files.map(|file| file.file_name().into_string().unwrap()).collect()
}

/// Does it for every fixture of a folder, and only then fails for those that did not hold.
fn each(folder: &str, hold: impl Fn(&Fixture)) {
    let fixtures = Fixture::all(folder);
    let fails = |fixture: &&Fixture| catch_unwind(AssertUnwindSafe(|| hold(fixture))).is_err();
    let failed: Vec<_> = fixtures.iter().filter(fails).map(|fixture| &fixture.name).collect();
    assert!(failed.is_empty(), "{} of {}: {failed:#?}", failed.len(), fixtures.len());
}

/// The text with long and changing parts cut short, and what the eye would miss spelt out.
fn visible(text: &str) -> String {
    let mut text = text.replace('\r', "␍").replace('\u{feff}', "<byte order mark>");
    for (name, script) in SCRIPTS {
        let written = serde_json::to_string(script).unwrap();
        text = text.replace(&written, &format!("\"<{name}.sh>\""));
    }
    text = text.replace(
        concat!(r#"\"version\":\""#, env!("CARGO_PKG_VERSION")),
        r#"\"version\":\"<version>"#,
    );
    ["hash", "seal"].into_iter().fold(text, |text, member| without_digits(&text, member))
}

/// Puts a placeholder for the hexadecimal digits of a record's member.
fn without_digits(text: &str, member: &str) -> String {
    let before = format!(r#"\"{member}\":\""#);
    let mut parts = text.split(&before);
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        short += &[&before, "<", member, ">", rest].concat();
    }
    short
}

fn section(name: &str, text: &str) -> String {
    let end = if text.ends_with('\n') { "" } else { "<no newline at the end>\n" };
    format!("=== {name} ===\n{text}{end}\n")
}

#[test]
fn what_becomes_of_every_fixture() {
    each("", |fixture| {
        let Run { result, report } = fixture.result("json");
        let patch = fixture.result("patch");
        let diff = fixture.result("diff");
        assert_eq!([&patch.report, &diff.report], [&report; 2]);
        let text = fixture.text();
        assert_eq!(patched(&text, &patch.result), parsed(&result));
        let mut shown = section("report", &report);
        if result == text {
            assert_eq!([patch.result.as_str(), diff.result.as_str()], ["[]\n", ""]);
            shown += "=== unchanged ===\n";
        } else {
            shown += &section("patch", &patch.result);
            shown += &section("diff", &diff.result);
            shown += &section("text", &result);
        }
        fixture.assert_snapshot(&shown);
    });
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

fn patched(text: &str, patch: &str) -> Value {
    let mut value = parsed(text);
    let patch: Patch = serde_json::from_str(patch).unwrap();
    json_patch::patch(&mut value, &patch).unwrap();
    value
}

#[test]
fn what_is_said_of_invalid_ones() {
    each("invalid", |fixture| {
        let output = fixture.run("json");
        let report = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{report}");
        fixture.assert_snapshot(&report);
    });
}

#[test]
fn marathon_accepts_every_result() {
    each("", |fixture| {
        let (result, _) = changed(&fixture.text(), Change::Inject(&fixture.injector()));
        assert_eq!(refused_by_marathon(&result), []);
    });
}

#[test]
fn every_fixture_keeps_the_laws() {
    each("", |fixture| {
        let (text, injector) = (fixture.text(), fixture.injector());
        let (once, entries) = changed(&text, Change::Inject(&injector));
        assert_eq!(errors(&entries), Vec::<&_>::new());
        assert_eq!(injected(&once, &injector), once, "injected twice");
        assert_eq!(removed(&once), removed(&text), "removed");
        let before = |outcome| {
            matches!(outcome, &Outcome::Updated(_) | &Outcome::UpToDate | &Outcome::Removed(_))
        };
        if !entries.iter().any(|entry| before(&entry.outcome)) {
            assert_eq!(removed(&once), text, "removed");
        }
    });
}

/// The snapshots show the scripts by their names only.
#[test]
fn the_containers_run_the_scripts_as_they_are() {
    let [init, proxy, beside @ ..] = SCRIPTS.map(|(_, script)| script);
    for (fixture, scripts) in [
        ("one-container", vec![("istio-init", init), ("istio-proxy", proxy)]),
        (
            "certs-agent",
            vec![("istio-init", beside[0]), ("istio-agent", beside[2]), ("istio-proxy", beside[1])],
        ),
    ] {
        let fixture = Fixture { folder: FIXTURES.into(), name: fixture.to_owned() };
        let pod = parsed(&injected(&fixture.text(), &fixture.injector()));
        let containers = &pod["containers"].as_array().unwrap()[1..];
        let runs = containers.iter().map(|container| {
            let script = container["exec"]["command"]["shell"].as_str().unwrap();
            (container["name"].as_str().unwrap(), script)
        });
        assert_eq!(runs.collect::<Vec<_>>(), scripts);
    }
}

#[test]
fn the_injected_fixture_is_what_injection_gives_today() {
    let read = |name: &str| fs::read_to_string(Path::new(FIXTURES).join(name)).unwrap();
    let today =
        injected(&read("one-container.json"), &Injector::new(Settings::default(), Vec::new()));
    assert!(
        read("injected.json") == today,
        "what is added has changed: run `cargo run -- fixtures/one-container.json -o fixtures/injected.json`"
    );
}

/// The targets of the README's links, and the files that are there.
#[test]
fn the_readme_lists_every_fixture() {
    let readme = fs::read_to_string(Path::new(FIXTURES).join("README.md")).unwrap();
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let listed: BTreeSet<_> =
        links.filter(|link| !link.contains("://")).map(str::to_owned).collect();
    let mut there = file_names(Path::new(FIXTURES));
    there.remove("README.md");
    let invalid = file_names(&Path::new(FIXTURES).join("invalid"));
    there.extend(invalid.into_iter().map(|file| format!("invalid/{file}")));
    let unlisted: Vec<_> = there.difference(&listed).collect();
    let missing: Vec<_> = listed.difference(&there).collect();
    assert!(
        unlisted.is_empty() && missing.is_empty(),
        "not listed: {unlisted:#?}, not there: {missing:#?}"
    );
}

#[test]
fn every_snapshot_has_its_fixture() {
    for folder in ["", "invalid"] {
        let fixtures = Fixture::all(folder).into_iter();
        let expected: BTreeSet<_> =
            fixtures.map(|fixture| format!("{}.snap", fixture.name)).collect();
        let there = file_names(&Path::new(SNAPSHOTS).join(folder));
        let stale: Vec<_> = there.difference(&expected).collect();
        assert!(stale.is_empty(), "{stale:#?}");
    }
}
