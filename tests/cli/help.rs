//! Help, completions and the manual page.

use std::process::{Command, Stdio};

use crate::scratch::{INJECT, Scratch, pod, there_is};

fn printed(arguments: &[&str]) -> String {
    let told = Scratch::new().inject(arguments).done();
    assert_eq!(told.err, "");
    told.out
}

#[test]
fn the_short_help_fits_on_a_screen() {
    insta::assert_snapshot!(printed(&["-h"]), @r"
    Add the Istio sidecar to Marathon pods

    Usage: inject [OPTIONS] [FILE|DIR|-]...
           inject <COMMAND>

    Commands:
      submit       Inject pods, submit them to Marathon, and follow them until they are STABLE
      check        Check that each pod is valid, injected and up to date: the gate for pipelines
      diff         Show what injection would change, or with --live what submitting would
      remove       Take out what was injected
      convert      Turn apps into the pods that run the same thing
      mtls         Print what turns mutual TLS on or off in the whole mesh, for kubectl
      completions  Print a shell's completions
      man          Print the manual page

    Arguments:
      [FILE|DIR|-]...  Files and directories; - is standard input, the default where that is no terminal

    Options:
      -o, --output <FILE>   Write to FILE, or for several inputs into the directory FILE [default:
                            standard output, one after the other]
      -i, --in-place        Replace the input files
          --emit <EMIT>     What to write: the documents, RFC 6902 patches, or unified diffs [default:
                            json] [possible values: json, patch, diff]
          --convert-apps    Turn apps into pods first, as inject convert does
          --strict          Fail on warnings
      -q, --quiet           Say nothing but errors
          --color <COLOR>   When to use colours [default: auto] [possible values: auto, always, never]
          --overlay <FILE>  Lay a partial pod over what is added; later ones win
          --adopt           Put ours in the place of a hand-written sidecar; the pod keeps its settings
          --config <FILE>   Read settings from a TOML file [env: INJECT_CONFIG=]
      -h, --help            Print help (see more with '--help')
      -V, --version         Print version

    Examples:
      inject httpbin.json | dcos marathon pod add
      inject --emit diff pods/
      inject -i --overlay limits.json pods/
      inject check pods/
      inject check --format github pods/
      inject --convert-apps apps/ -o pods/
      inject submit pods/
      dcos marathon pod show /httpbin | jq .spec | inject --strict > httpbin.json

    Exit codes:
      0  done
      1  a gate said no: check or --strict found something, diff --exit-code a difference
      2  bad usage or bad input; nothing was written
      3  Marathon refused, or the deployment failed
      4  Marathon could not be reached
      130  interrupted; what was submitted goes on
    ");
}

#[test]
fn the_long_help_has_every_setting_and_the_exit_codes() {
    let help = printed(&["--help"]);
    for words in ["Exit codes:\n  0  done\n  1  ", "\n  2  bad usage or bad input", "--config"] {
        assert!(help.contains(words), "{words:?} is missing in:\n{help}");
    }
    for key in marathon_inject::settings::Key::all() {
        assert!(help.contains(&format!("--{} <", key.name())), "{}", key.name());
        assert!(help.contains(&format!("[env: {}]", key.variable())), "{}", key.name());
    }
}

#[test]
fn the_version_is_the_packages() {
    assert_eq!(printed(&["--version"]), format!("inject {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_know_the_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let completions = printed(&["completions", shell]);
        for flag in ["in-place", "proxy-image", "overlay"] {
            assert!(completions.contains(flag), "{shell}: {flag}");
        }
    }
}

#[test]
fn bash_takes_its_completions() {
    if !there_is("bash", "that bash takes its completions") {
        return;
    }
    let script = "eval \"$(\"$0\" completions bash)\" && complete -p inject";
    let told = Scratch::new().run("bash", &["-c", script, INJECT]).done();
    assert!(told.out.contains("-F _inject"), "{}", told.out);
}

#[test]
fn completions_of_an_unknown_shell_are_refused() {
    Scratch::new().inject(&["completions", "tcsh"]).refused().says("invalid value 'tcsh'");
}

#[test]
fn the_help_of_a_command_begins_with_what_it_does() {
    let first = |command: &str| printed(&[command, "-h"]).lines().next().unwrap().to_owned();
    assert!(first("submit").starts_with("Inject pods, submit them to Marathon"));
    assert!(first("diff").starts_with("Show what injection would change"));
}

#[test]
fn every_command_has_a_manual_page() {
    let page = printed(&["man", "submit"]);
    let title = concat!(".TH inject-submit 1  \"inject ", env!("CARGO_PKG_VERSION"), "\"");
    assert!(page.contains(title), "{page}");
    assert!(page.contains("rollback"), "{page}");
    Scratch::new().inject(&["man", "sumbit"]).refused().says("there is no command sumbit");
}

#[test]
fn the_manual_page_is_roff() {
    let page = printed(&["man"]);
    assert!(page.starts_with(".ie \\n(.g .ds Aq"), "{page}");
    for words in [".TH inject 1", "\\-\\-proxy\\-image", "Exit codes:"] {
        assert!(page.contains(words), "{words:?} is missing in:\n{page}");
    }
}

#[test]
fn variables_do_not_hinder_a_subcommand() {
    let told = Scratch::new().inject(&["man"]).env("INJECT_POLICY", "disabled").done();
    assert!(told.out.contains(".TH inject 1"));
}

#[test]
fn an_unknown_flag_is_bad_usage() {
    Scratch::new().inject(&["--imagePullPolice", "x"]).refused().says("unexpected argument");
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let scratch = Scratch::with(&pod("/a"));
    for arguments in [&["man"][..], &["completions", "bash"], &["--quiet", "pod.json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(INJECT);
        command.args(arguments).env_clear().current_dir(scratch.path(""));
        let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
    }
}
