//! What pilot-agent refuses to run with.

use super::flags::Flags;
use super::go;

/// The user and the group that the traffic capture knows Envoy by.
const ISTIO_PROXY: u32 = 1337;

/// All that is wrong with the values, one a line as the real one lists it.
pub(super) fn values(flags: &Flags) -> Result<(), String> {
    let addresses = [
        ("discovery", &flags.discovery_address, true),
        ("zipkin", &flags.zipkin_address, false),
        ("statsd udp", &flags.statsd_udp_address, false),
    ];
    let given = addresses.into_iter().filter(|(_, address, needed)| *needed || !address.is_empty());
    let wrong = given.filter_map(|(what, address, _)| {
        let why = go::host_and_port(address).err()?;
        Some(format!("* invalid {what} address: {why}"))
    });
    let wrong: Vec<_> = wrong.chain(wrong_durations(flags)).chain(unsupported(flags)).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{} error(s) occurred:\n\n{}", wrong.len(), wrong.join("\n")))
}

fn wrong_durations(flags: &Flags) -> Option<String> {
    let (drain, shutdown) = (flags.drain_duration, flags.parent_shutdown_duration);
    let whole = drain.subsec_nanos() == 0 && shutdown.subsec_nanos() == 0;
    let wrong = !whole || drain.is_zero() || shutdown <= drain;
    wrong.then(|| {
        "* invalid parent and drain time combination: whole seconds, the drain shorter".to_owned()
    })
}

/// What the real one would do and this one cannot.
fn unsupported(flags: &Flags) -> Vec<String> {
    let without_ip = flags.ip.is_empty().then_some("* no --ip: the interfaces are not looked at");
    let tls = flags.control_plane_auth_policy == "MUTUAL_TLS";
    let tls =
        tls.then_some("* --controlPlaneAuthPolicy MUTUAL_TLS: Pilot is asked in the clear only");
    without_ip.into_iter().chain(tls).map(str::to_owned).collect()
}

/// The real one would run as anybody, and its own traffic would be captured without end.
pub(super) fn user(uid: u32, gid: u32) -> Result<(), String> {
    if (uid, gid) == (ISTIO_PROXY, ISTIO_PROXY) {
        return Ok(());
    }
    Err(format!(
        "user {uid} and group {gid} are not {ISTIO_PROXY}: Envoy's own traffic would be captured, \
         or its files not be its own"
    ))
}

fn refusal(words: &[&str]) -> String {
    let flags = Flags::of(&[&["--ip", "9.0.0.2"], words].concat()).unwrap();
    values(&flags).err().unwrap_or_default()
}

fn an_address_without_a_port_is_refused() {
    for (flag, what) in [("--discoveryAddress", "discovery"), ("--zipkinAddress", "zipkin")] {
        let expected = format!(
            "1 error(s) occurred:\n\n* invalid {what} address: unable to split \"nohostport\": \
             address nohostport: missing port in address"
        );
        assert_eq!(refusal(&[flag, "nohostport"]), expected);
    }
}

fn only_pilot_has_to_have_an_address() {
    assert_eq!(refusal(&["--zipkinAddress", ""]), "");
    assert!(refusal(&["--discoveryAddress", ""]).contains("invalid discovery address"));
}

fn an_envoy_must_have_time_to_drain_before_it_is_shut_down() {
    for (drain, shutdown) in [("3s", "3s"), ("1500ms", "3s"), ("0s", "3s")] {
        let words = ["--drainDuration", drain, "--parentShutdownDuration", shutdown];
        assert!(refusal(&words).contains("invalid parent and drain time"), "{drain} {shutdown}");
    }
}

fn an_unknown_policy_towards_pilot_is_none() {
    assert_eq!(refusal(&["--controlPlaneAuthPolicy", "BOGUS"]), "");
    assert!(refusal(&["--controlPlaneAuthPolicy", "MUTUAL_TLS"]).contains("in the clear only"));
}

fn only_user_and_group_1337_may_run_it() {
    assert_eq!(user(1337, 1337), Ok(()));
    for (uid, gid) in [(0, 0), (1337, 0), (0, 1337)] {
        let expected = format!("user {uid} and group {gid} are not 1337");
        assert!(user(uid, gid).unwrap_err().starts_with(&expected));
    }
}

crate::tests! {
    an_address_without_a_port_is_refused,
    only_pilot_has_to_have_an_address,
    an_envoy_must_have_time_to_drain_before_it_is_shut_down,
    an_unknown_policy_towards_pilot_is_none,
    only_user_and_group_1337_may_run_it,
}
