//! Help, completions, the manual page, and readers that leave early.

use std::process::{Command, Stdio};

use crate::scratch::{CITADEL, Scratch, there_is};

const COMMANDS: [&str; 11] = [
    "init",
    "bundle",
    "inspect",
    "verify",
    "rotate-root",
    "rotate-root prepare",
    "rotate-root activate",
    "rotate-root retire",
    "rotate-root renew",
    "join-key",
    "serve",
];

fn printed(line: &str) -> String {
    let told = Scratch::new().citadel(line).done();
    assert_eq!(told.err, "");
    told.out()
}

/// The long help of each command.
pub(crate) fn every_command() -> Vec<String> {
    COMMANDS.iter().map(|command| printed(&format!("{command} --help"))).collect()
}

#[test]
fn the_help_names_the_commands_and_the_exit_codes() {
    let help = printed("--help");
    for words in
        ["init", "bundle", "inspect", "verify", "rotate-root", "serve", "completions", "man"]
    {
        assert!(help.contains(&format!("\n  {words} ")), "{words:?} is missing in:\n{help}");
    }
    let codes = "Exit codes:\n  0  done\n  1  verify said no\n  2  bad usage or bad input";
    assert!(help.contains(codes), "{help}");
}

#[test]
fn every_command_has_a_help_with_its_usage() {
    for (command, help) in COMMANDS.iter().zip(every_command()) {
        assert!(help.contains(&format!("Usage: citadel {command}")), "{help}");
    }
}

#[test]
fn the_help_names_the_variables_that_bundle_listens_to() {
    let help = printed("bundle --help").split_whitespace().collect::<Vec<_>>().join(" ");
    for name in ["CITADEL_DIR", "INJECT_NAMESPACE", "INJECT_SERVICE_ACCOUNT", "INJECT_CONFIG"] {
        assert!(help.contains(&format!("[env: {name}")), "{name} is missing in:\n{help}");
    }
}

#[test]
fn the_version_is_the_packages() {
    assert_eq!(printed("--version"), format!("citadel {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_know_the_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let completions = printed(&format!("completions {shell}"));
        for flag in ["trust-domain", "signing-key", "rotate-root"] {
            assert!(completions.contains(flag), "{shell}: {flag}");
        }
    }
}

#[test]
fn bash_takes_its_completions() {
    if !there_is("bash", "that bash takes its completions") {
        return;
    }
    let script = "eval \"$(\"$0\" completions bash)\" && complete -p citadel";
    let told = Scratch::new().run("bash").arg("-c").arg(script).arg(CITADEL).done();
    told.shows("-F _citadel");
}

#[test]
fn the_manual_page_is_roff() {
    let page = printed("man");
    for words in [".TH citadel 1", "rotate\\-root", "Exit codes:"] {
        assert!(page.contains(words), "{words:?} is missing in:\n{page}");
    }
}

#[test]
fn no_command_an_unknown_one_and_an_unknown_flag_are_bad_usage() {
    Scratch::new().citadel("").refused().says("Usage: citadel");
    Scratch::new().citadel("sign").refused().says("unrecognized subcommand 'sign'");
    Scratch::new().citadel("init --tll 1h").refused().says("unexpected argument '--tll'");
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let scratch = Scratch::with_ca();
    scratch.citadel("bundle -o x.tgz").done();
    for line in ["man", "completions bash", "inspect x.tgz", "inspect ca --json", "bundle -q -o -"]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(CITADEL);
        command.args(line.split(' ')).env_clear().current_dir(scratch.path(""));
        let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{line}");
        assert_eq!(output.status.code(), Some(0), "{line}");
    }
}
