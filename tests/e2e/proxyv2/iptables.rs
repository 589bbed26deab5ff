//! `istio-iptables.sh` of `root/`, in network namespaces of its own: what the script of Istio 1.0.5
//! does with each flag.

use std::process::{Command, Output};

const SCRIPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/proxyv2/root/usr/local/bin/istio-iptables.sh");

/// Runs a line of shell in a new network namespace, `$0` being the script and `$@` its arguments;
/// of variables there are these alone.
fn shell(line: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new("unshare")
        .args(["--net", "bash", "-c", line, SCRIPT])
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// The rules for IPv4 after a run with these arguments and variables.
fn rules_with(arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let save = r#"set -e; "$0" "$@" >/dev/null; iptables -t nat -S"#;
    let rules = lines(&shell(save, arguments, variables));
    rules.into_iter().filter(|rule| rule.starts_with("-A")).collect()
}

fn rules(arguments: &[&str]) -> Vec<String> {
    rules_with(arguments, &[])
}

/// The rules of one chain, without its name.
fn chain(name: &str, rules: &[String]) -> Vec<String> {
    let own = rules.iter().filter_map(|rule| rule.strip_prefix(&format!("-A {name} ")));
    own.map(str::to_owned).collect()
}

/// What the chain for outbound traffic always begins with, for uid and gid 1337.
const ALWAYS: [&str; 4] = [
    "! -d 127.0.0.1/32 -o lo -j ISTIO_REDIRECT",
    "-m owner --uid-owner 1337 -j RETURN",
    "-m owner --gid-owner 1337 -j RETURN",
    "-d 127.0.0.1/32 -j RETURN",
];

fn outbound(arguments: &[&str]) -> Vec<String> {
    chain("ISTIO_OUTPUT", &rules(&[&["-u", "1337"], arguments].concat()))
}

fn captured_traffic_goes_to_the_port_of_envoy() {
    let redirect = |rules: &[String]| chain("ISTIO_REDIRECT", rules);
    assert_eq!(redirect(&rules(&[])), ["-p tcp -j REDIRECT --to-ports 15001"]);
    assert_eq!(redirect(&rules(&["-p", "1500"])), ["-p tcp -j REDIRECT --to-ports 1500"]);
    let variable = rules_with(&[], &[("ENVOY_PORT", "1501")]);
    assert_eq!(redirect(&variable), ["-p tcp -j REDIRECT --to-ports 1501"]);
}

fn without_inbound_ports_nothing_is_captured_inbound() {
    let rules = rules(&["-b", "", "-i", "*"]);
    assert_eq!(chain("PREROUTING", &rules), Vec::<String>::new());
    assert_eq!(chain("ISTIO_INBOUND", &rules), Vec::<String>::new());
}

fn a_list_of_inbound_ports_is_captured_and_no_other() {
    let rules = rules(&["-b", "8000,9000"]);
    assert_eq!(chain("PREROUTING", &rules), ["-p tcp -j ISTIO_INBOUND"]);
    let captured = [
        "-p tcp -m tcp --dport 8000 -j ISTIO_REDIRECT",
        "-p tcp -m tcp --dport 9000 -j ISTIO_REDIRECT",
    ];
    assert_eq!(chain("ISTIO_INBOUND", &rules), captured);
}

fn all_inbound_ports_are_captured_save_ssh_and_the_excluded() {
    let captured = [
        "-p tcp -m tcp --dport 22 -j RETURN",
        "-p tcp -m tcp --dport 81 -j RETURN",
        "-p tcp -j ISTIO_REDIRECT",
    ];
    assert_eq!(chain("ISTIO_INBOUND", &rules(&["-b", "*", "-d", "81"])), captured);
    let variables = [("ISTIO_INBOUND_PORTS", "*"), ("ISTIO_LOCAL_EXCLUDE_PORTS", "81")];
    assert_eq!(chain("ISTIO_INBOUND", &rules_with(&[], &variables)), captured);
}

fn excluded_inbound_ports_are_ignored_beside_a_list() {
    let rules = rules(&["-b", "8000", "-d", "8000"]);
    let captured = ["-p tcp -m tcp --dport 8000 -j ISTIO_REDIRECT"];
    assert_eq!(chain("ISTIO_INBOUND", &rules), captured);
}

fn without_ranges_only_calls_to_the_pod_itself_are_captured_outbound() {
    assert_eq!(outbound(&["-i", ""]), ALWAYS);
    assert_eq!(outbound(&[]), ALWAYS);
}

fn all_ranges_are_captured_last() {
    assert_eq!(outbound(&["-i", "*"]), [&ALWAYS[..], &["-j ISTIO_REDIRECT"]].concat());
}

fn a_list_of_ranges_is_captured_and_no_other() {
    let own = ["-d 9.0.0.0/8 -j ISTIO_REDIRECT", "-d 11.0.0.0/8 -j ISTIO_REDIRECT", "-j RETURN"];
    assert_eq!(outbound(&["-i", "9.0.0.0/8,11.0.0.0/8"]), [&ALWAYS[..], &own].concat());
}

fn excluded_ranges_come_before_the_captured() {
    let own = ["-d 10.0.0.0/8 -j RETURN", "-j ISTIO_REDIRECT"];
    assert_eq!(outbound(&["-x", "10.0.0.0/8", "-i", "*"]), [&ALWAYS[..], &own].concat());
    let variables = [("ISTIO_SERVICE_CIDR", "*"), ("ISTIO_SERVICE_EXCLUDE_CIDR", "10.0.0.0/8")];
    let rules = rules_with(&["-u", "1337"], &variables);
    assert_eq!(chain("ISTIO_OUTPUT", &rules), [&ALWAYS[..], &own].concat());
}

/// The owners whose traffic is not captured.
fn owners(arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let rules = chain("ISTIO_OUTPUT", &rules_with(arguments, variables));
    let owners = rules.iter().filter_map(|rule| rule.strip_prefix("-m owner --"));
    owners.map(|rule| rule.trim_end_matches(" -j RETURN").to_owned()).collect()
}

fn without_a_user_root_is_not_captured_either() {
    let everyone = ["uid-owner 1337", "uid-owner 0", "gid-owner 1337", "gid-owner 0"];
    assert_eq!(owners(&[], &[("ENVOY_USER", "nobody-of-this-name")]), everyone);
    let root = ["uid-owner 0", "uid-owner 0", "gid-owner 0", "gid-owner 0"];
    assert_eq!(owners(&[], &[("ENVOY_USER", "root")]), root);
}

fn the_groups_are_those_of_the_users_unless_said() {
    assert_eq!(owners(&["-u", "7"], &[]), ["uid-owner 7", "gid-owner 7"]);
    assert_eq!(owners(&["-u", "7", "-g", "8"], &[]), ["uid-owner 7", "gid-owner 8"]);
}

fn a_second_run_replaces_the_rules_of_the_first_and_no_others() {
    let line = r#"set -e; export ISTIO_INBOUND_PORTS=1,2
        iptables -t nat -I OUTPUT 1 -p tcp -d 10.0.3.2 --dport 5051 -j RETURN
        "$0" "$@" >/dev/null; iptables -t nat -S; "$0" "$@" >/dev/null; iptables -t nat -S"#;
    let both = lines(&shell(line, &["-i", "*"], &[]));
    let (first, second) = both.split_at(both.len() / 2);
    assert_eq!(first, second);
    let agent = "-d 10.0.3.2/32 -p tcp -m tcp --dport 5051 -j RETURN";
    assert_eq!(chain("OUTPUT", second), [agent, "-p tcp -j ISTIO_OUTPUT"]);
}

fn clean_only_removes() {
    let line = r#"set -e; "$0" -b '*' -i '*' >/dev/null; "$0" "$@" >/dev/null
        iptables -t nat -S; ip6tables -S"#;
    let left = lines(&shell(line, &["clean"], &[]));
    assert!(left.iter().all(|line| line.starts_with("-P")), "{left:?}");
}

/// The rules for IPv6.
fn ipv6(variables: &[(&str, &str)]) -> Vec<String> {
    chain("INPUT", &lines(&shell(r#"set -e; "$0" >/dev/null; ip6tables -S"#, &[], variables)))
}

fn ipv6_is_refused_unless_enabled() {
    let refused = [
        "-m state --state ESTABLISHED -j ACCEPT",
        "-j REJECT --reject-with icmp6-port-unreachable",
    ];
    assert_eq!(ipv6(&[]), refused);
    assert_eq!(ipv6(&[("ENABLE_INBOUND_IPV6", "true")]), Vec::<String>::new());
}

fn an_unknown_option_is_refused() {
    let output = shell(r#""$0" "$@""#, &["-z"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("Invalid option: -z\n"));
}

fn tproxy_is_refused() {
    let output = shell(r#""$0" "$@""#, &["-m", "TPROXY"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("TPROXY is not to be had here"));
}

fn any_other_mode_redirects() {
    assert_eq!(rules(&["-m", "REDIRECT", "-i", "*"]), rules(&["-m", "none", "-i", "*"]));
}

fn a_rule_that_iptables_refuses_ends_the_script() {
    let output = shell(r#""$0" "$@""#, &["-i", "not-a-range"], &[]);
    assert!(!output.status.success());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("-d not-a-range"));
}

fn the_rules_are_shown_at_the_end() {
    let shown = lines(&shell(r#""$0" "$@""#, &["-b", "8000"], &[]));
    assert!(shown.contains(&"-A PREROUTING -p tcp -j ISTIO_INBOUND".to_owned()), "{shown:?}");
}

/// Where shellcheck is not to be had, bash alone reads the script.
fn the_script_passes_shellcheck() {
    let line =
        r#"if command -v shellcheck >/dev/null; then shellcheck "$0"; else bash -n "$0"; fi"#;
    let output = shell(line, &[], &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

crate::tests! {
    captured_traffic_goes_to_the_port_of_envoy,
    without_inbound_ports_nothing_is_captured_inbound,
    a_list_of_inbound_ports_is_captured_and_no_other,
    all_inbound_ports_are_captured_save_ssh_and_the_excluded,
    excluded_inbound_ports_are_ignored_beside_a_list,
    without_ranges_only_calls_to_the_pod_itself_are_captured_outbound,
    all_ranges_are_captured_last,
    a_list_of_ranges_is_captured_and_no_other,
    excluded_ranges_come_before_the_captured,
    without_a_user_root_is_not_captured_either,
    the_groups_are_those_of_the_users_unless_said,
    a_second_run_replaces_the_rules_of_the_first_and_no_others,
    clean_only_removes,
    ipv6_is_refused_unless_enabled,
    an_unknown_option_is_refused,
    tproxy_is_refused,
    any_other_mode_redirects,
    a_rule_that_iptables_refuses_ends_the_script,
    the_rules_are_shown_at_the_end,
    the_script_passes_shellcheck,
}
