//! The architecture, held by a test: which module may know which and is pure, what the pure ones
//! keep away from, and how the files look.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/reader.rs"]
mod reader;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use circles::circles;
use reader::Module;

/// Whether a module touches the world outside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purity {
    /// It gets values and gives values.
    Pure,
    /// It reads, writes and prints.
    Impure,
}

use Purity::{Impure, Pure};

/// The modules of the library, and the arrows between them; the binaries may use everything.
const MODULES: [(&str, &[&str], Purity); 13] = [
    ("agent", &["identity", "monitor", "proto"], Impure),
    ("bundle", &["identity"], Impure),
    ("check", &["plan", "pod", "document", "settings", "identity"], Pure),
    ("citadel", &["bundle", "identity", "marathon", "monitor", "proto"], Impure),
    ("command_line", &["document", "marathon"], Impure),
    ("marathon", &["pod", "document"], Impure),
    ("monitor", &[], Impure),
    ("plan", &["pod", "document", "settings", "identity"], Pure),
    ("pod", &["document"], Pure),
    ("proto", &[], Pure),
    ("settings", &["identity"], Pure),
    ("document", &[], Pure),
    ("identity", &[], Pure),
];

/// Where programs write what `tests/proto.rs` compares with what they write today.
const GENERATED: &str = "proto/generated/";

/// What the pure modules keep away from.
const FORBIDDEN: [&str; 14] = [
    "anstream",
    "axum",
    "clap",
    "fs_err",
    "indicatif",
    "reqwest",
    "std::env",
    "std::fs",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
    "tonic",
];
const FORBIDDEN_MACROS: [&str; 5] = ["dbg", "eprint", "eprintln", "print", "println"];

const MAX_LINES: usize = 400;
const NAMES_THAT_SAY_NOTHING: [&str; 4] = ["common", "helpers", "manager", "utils"];

/// A source file, by its path below `src/`.
struct File {
    path: String,
    text: String,
}

fn files() -> Vec<File> {
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 50, "only {} files were found", files.len());
    files
}

fn walk(dir: &Path, below: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else if path.ends_with(".rs") && !path.starts_with(GENERATED) {
            files.push(File { path, text: fs::read_to_string(entry.path()).unwrap() });
        }
    }
}

/// The modules of the library.
fn modules() -> Vec<Module> {
    let library = files().into_iter().filter(|file| !file.path.starts_with("bin/"));
    library.map(|file| Module::read(&file.path, &file.text)).collect()
}

/// Whether a module may touch the world; one that the table does not have may not.
fn is_impure(top: &str) -> bool {
    MODULES.iter().any(|(name, _, purity)| *name == top && *purity == Impure)
}

/// The arrows that are not allowed, and the modules that the table does not have.
fn wrong_arrows(modules: &[Module]) -> Vec<String> {
    let mut wrong = Vec::new();
    for module in modules.iter().filter(|module| !module.top().is_empty()) {
        let Some((_, allowed, _)) = MODULES.iter().find(|(top, ..)| *top == module.top()) else {
            wrong.push(format!("{}: the table has no such module", module.file));
            continue;
        };
        let others = module.ours().filter(|path| path[0] != module.top());
        let others = others.filter(|path| !allowed.contains(&path[0]));
        wrong.extend(others.map(|path| format!("{} uses crate::{}", module.file, path.join("::"))));
    }
    wrong
}

/// What the pure modules use of the world outside.
fn wrong_uses(modules: &[Module]) -> Vec<String> {
    let mut wrong = Vec::new();
    for module in modules.iter().filter(|module| !is_impure(module.top())) {
        let paths = module.paths.iter().filter(|path| FORBIDDEN.iter().any(|bad| names(path, bad)));
        wrong.extend(paths.map(|path| format!("{} uses {path}", module.file)));
        let macros = module.macros.iter().filter(|name| FORBIDDEN_MACROS.contains(&name.as_str()));
        wrong.extend(macros.map(|name| format!("{} uses {name}!", module.file)));
    }
    wrong
}

/// The modules that are unsafe, which none may be.
fn unsafe_ones(modules: &[Module]) -> Vec<String> {
    let unsafe_ones = modules.iter().filter(|module| module.is_unsafe);
    unsafe_ones.map(|module| format!("{} is unsafe", module.file)).collect()
}

/// Whether a path names `bad` or something in it; a glob names all that is below it.
fn names(path: &str, bad: &str) -> bool {
    let within = |path: &str, of: &str| {
        path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    within(path, bad) || path.strip_suffix("::*").is_some_and(|all| within(bad, all))
}

/// What is wrong with the look of a file.
fn wrong_look(file: &File) -> Option<String> {
    let name = file.path.rsplit('/').next().unwrap().trim_end_matches(".rs");
    let lines = file.text.lines().count();
    if !file.text.starts_with("//! ") {
        Some(format!("{} does not begin by saying what it is for", file.path))
    } else if NAMES_THAT_SAY_NOTHING.contains(&name) {
        Some(format!("{}: the name says nothing", file.path))
    } else if lines > MAX_LINES {
        Some(format!("{} has {lines} lines, more than {MAX_LINES}", file.path))
    } else {
        None
    }
}

/// The arrows between the sub-modules of a module.
fn inner_arrows(modules: &[Module], top: &str) -> BTreeSet<(String, String)> {
    let root = modules.iter().find(|module| module.is_root_of(top)).unwrap();
    let arrows = modules.iter().filter(|module| module.top() == top).flat_map(|module| {
        let targets = module.ours().filter(|path| path[0] == top && path.len() > 1);
        targets.map(|path| (module.sub().to_owned(), root.home_of(path[1]).to_owned()))
    });
    let is_sub = |name: &str| modules.iter().any(|m| m.top() == top && m.sub() == name);
    arrows.filter(|(from, to)| from != to && !from.is_empty() && is_sub(to)).collect()
}

#[test]
fn there_are_only_the_arrows_of_the_table() {
    assert_eq!(wrong_arrows(&modules()), Vec::<String>::new());
}

#[test]
fn the_table_has_no_circle() {
    let arrows = MODULES.iter().flat_map(|(from, to, _)| to.iter().map(|to| (*from, *to)));
    assert_eq!(circles(arrows), Vec::<BTreeSet<&str>>::new());
}

#[test]
fn the_pure_modules_know_only_pure_ones() {
    for (name, arrows, _) in MODULES.iter().filter(|(.., purity)| *purity == Pure) {
        assert!(!arrows.iter().any(|to| is_impure(to)), "{name}");
    }
}

#[test]
fn the_table_has_the_modules_that_there_are() {
    let modules = modules();
    let there: BTreeSet<_> =
        modules.iter().map(Module::top).filter(|top| !top.is_empty()).collect();
    assert_eq!(there, MODULES.iter().map(|(top, ..)| *top).collect());
}

#[test]
fn the_sub_modules_have_no_circles() {
    let modules = modules();
    for (top, ..) in MODULES {
        let arrows = inner_arrows(&modules, top);
        let arrows = arrows.iter().map(|(from, to)| (from.as_str(), to.as_str()));
        assert_eq!(circles(arrows), Vec::<BTreeSet<&str>>::new(), "{top}");
    }
}

#[test]
fn the_pure_modules_keep_away_from_the_world() {
    assert_eq!(wrong_uses(&modules()), Vec::<String>::new());
}

#[test]
fn nothing_is_unsafe() {
    assert_eq!(unsafe_ones(&modules()), Vec::<String>::new());
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let wrong: Vec<_> = files().iter().filter_map(wrong_look).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

/// What the checks say of a file of the library.
fn said(file: &str, text: &str) -> Vec<String> {
    let modules = [Module::read(file, text)];
    [wrong_arrows(&modules), wrong_uses(&modules), unsafe_ones(&modules)].concat()
}

#[test]
fn a_wrong_arrow_is_seen_however_it_is_written() {
    let cases = [
        ("pod/a.rs", "use crate::plan::Injector;", "crate::plan::Injector"),
        ("pod/a.rs", "use crate::{document::Node, plan::{Skip as S}};", "crate::plan::Skip"),
        ("pod/a.rs", "use super::super::plan;", "crate::plan"),
        ("pod.rs", "use super::plan::*;", "crate::plan::*"),
        ("document/a.rs", "fn f() { let x = crate::pod::entries(y); }", "crate::pod::entries"),
        ("document/a.rs", "fn f(x: &mut Vec<crate::pod::Pod>) {}", "crate::pod::Pod"),
        (
            "document/a.rs",
            "fn f() { format!(\"{}\", crate::pod::entries(x)) }",
            "crate::pod::entries",
        ),
        ("document/a.rs", "mod b { use super::super::super::pod::Pod; }", "crate::pod::Pod"),
        ("identity.rs", "impl crate::settings::Trait for X {}", "crate::settings::Trait"),
        ("settings/a.rs", "use crate::document as d;", "crate::document"),
        ("plan/a.rs", "use crate::command_line::Failure;", "crate::command_line::Failure"),
        ("command_line/a.rs", "use crate::plan::Injector;", "crate::plan::Injector"),
    ];
    for (file, text, uses) in cases {
        assert_eq!(said(file, text), [format!("{file} uses {uses}")], "{text}");
    }
}

#[test]
fn what_is_allowed_is_not_complained_of() {
    let cases = [
        ("pod/a.rs", "use crate::document::Node; use super::view::Pod; use self::b::C;"),
        ("plan/a.rs", "use crate::{document, identity, pod::Pod, settings::Key};"),
        ("document/a.rs", "#[cfg(test)] mod tests { use crate::plan::Injector; }"),
        ("document/a.rs", "#[cfg(test)] use crate::plan::Injector;"),
        (
            "document/a.rs",
            "use std::time::Duration; use std::fmt; pub(in crate::document) fn f() {}",
        ),
        ("document/a.rs", "/// As crate::plan does, with println!\nfn f() { clapped::env(); }"),
    ];
    for (file, text) in cases {
        assert_eq!(said(file, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_world_outside_is_seen_however_it_is_named() {
    let cases = [
        ("use clap::Parser;", "uses clap::Parser"),
        ("use std::{env, fmt};", "uses std::env"),
        ("use std::time::*;", "uses std::time::*"),
        ("use std::time; fn f() { time::SystemTime::now(); }", "uses std::time::SystemTime::now"),
        ("fn f() { ::std::fs::read(x); }", "uses std::fs::read"),
        ("fn f() { vec![std::env::args()]; }", "uses std::env::args"),
        ("fn f() { println!(); }", "uses println!"),
        ("fn f() { vec![std::dbg!(1)]; }", "uses dbg!"),
    ];
    for (text, words) in cases {
        assert_eq!(said("plan/a.rs", text), [format!("plan/a.rs {words}")], "{text}");
        assert_eq!(said("lib.rs", text), [format!("lib.rs {words}")], "{text}");
        assert_eq!(said("command_line/a.rs", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn unsafe_code_is_seen_in_pure_and_impure_modules() {
    for text in ["fn f() { unsafe { g() } }", "unsafe fn f() {}", "unsafe impl Send for X {}"] {
        for file in ["plan/a.rs", "command_line/a.rs"] {
            assert_eq!(said(file, text), [format!("{file} is unsafe")], "{text}");
        }
    }
}

#[test]
fn a_module_that_the_table_does_not_have_is_seen_and_held_pure() {
    let expected = ["new/a.rs: the table has no such module", "new/a.rs uses std::fs"];
    assert_eq!(said("new/a.rs", "use std::fs;"), expected);
}

#[test]
fn a_circle_of_sub_modules_is_seen_through_what_their_module_gives_on() {
    let modules = [
        Module::read("pod.rs", "mod a; mod b; mod c; pub use b::{Thing, Other};"),
        Module::read("pod/a.rs", "use super::Thing; use super::c::f;"),
        Module::read("pod/b.rs", "fn f() { super::a::g() }"),
        Module::read("pod/c.rs", "use crate::pod::c::d::E;"),
    ];
    let arrows = inner_arrows(&modules, "pod");
    let arrows = arrows.iter().map(|(from, to)| (from.as_str(), to.as_str()));
    assert_eq!(circles(arrows), [BTreeSet::from(["a", "b"])]);
}

#[test]
fn a_file_that_looks_wrong_is_seen() {
    let look = |path: &str, text: String| wrong_look(&File { path: path.to_owned(), text });
    let long = "//! A file.\n".repeat(MAX_LINES);
    assert_eq!(look("pod/a.rs", long.clone()), None);
    assert!(look("pod/a.rs", long + "\n").is_some());
    assert!(look("pod/a.rs", "use std::fmt;\n".to_owned()).is_some());
    assert!(look("pod/utils.rs", "//! A file.\n".to_owned()).is_some());
}
