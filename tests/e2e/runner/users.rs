//! As whom containers run.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use serde_json::json;

use super::{LASTS, agent, container, pod, run};
use crate::mesos::State;

fn a_user_is_a_name_that_the_agent_knows_and_a_number_is_none() {
    let agent = agent();
    for user in ["nobody-knows", "1337"] {
        let mut app = container("app", LASTS);
        app["user"] = user.into();
        let pod = run(&agent, &pod([app]));
        let first = pod.instance_number(0);
        pod.instance_number(1);
        let why = format!("Failed to get user information for '{user}'");
        assert_eq!(first.see(|tasks| tasks.state("app").clone()), State::Failed(why));
    }
}

fn a_container_has_its_own_user_or_else_the_pods_and_owns_its_sandbox() {
    let agent = agent();
    fs::write(agent.path("/var/lib/file"), "").unwrap();
    let line = "id -un; touch mine; stat -c %U . file mine stdout; echo done; exec sleep 1000";
    let mut own = container("own", line);
    own["user"] = "root".into();
    let mut of_the_pod = container("of-the-pod", line);
    let artifacts = json!([{"uri": "file:///var/lib/file"}]);
    own["artifacts"] = artifacts.clone();
    of_the_pod["artifacts"] = artifacts;
    let mut definition = pod([own, of_the_pod]);
    definition["user"] = "nobody".into();
    let pod = run(&agent, &definition);
    let instance = pod.stable();
    for (container, user) in [("own", "root\n"), ("of-the-pod", "nobody\n")] {
        instance.wait_for_line(container, "done");
        let expected = format!("{}done\n", user.repeat(5));
        assert_eq!(instance.sandbox_file(container, "stdout"), expected, "{}", instance.account());
    }
}

fn commands_in_a_container_and_its_health_checks_are_its_users() {
    let agent = agent();
    let mut app = container("app", LASTS);
    app["user"] = "nobody".into();
    app["healthCheck"] = json!({
        "exec": {"command": {"shell": "[ $(id -un) = nobody ]"}},
        "delaySeconds": 0, "intervalSeconds": 0.05,
    });
    let pod = run(&agent, &pod([app]));
    let instance = pod.stable();
    instance.wait_until("it is healthy", |tasks| tasks.is_healthy("app") == Some(true));
    assert_eq!(instance.inside("app").exec(&["id", "-nG"]).stdout, b"nogroup\n");
}

fn what_a_fetched_link_leads_to_is_not_the_users() {
    let agent = agent();
    let content = tempfile::tempdir().unwrap();
    let (machines, link) = (content.path().join("machines"), content.path().join("link"));
    fs::write(&machines, "").unwrap();
    symlink(&machines, link).unwrap();
    let archive = agent.path("/var/lib/links.tar");
    let mut tar = Command::new("tar");
    let status = tar.arg("-cf").arg(archive).arg("-C").arg(content.path()).arg("link").status();
    assert!(status.unwrap().success());

    let mut app = container("app", "stat -c %U link; echo done; exec sleep 1000");
    app["user"] = "nobody".into();
    app["artifacts"] = json!([{"uri": "file:///var/lib/links.tar"}]);
    let pod = run(&agent, &pod([app]));
    let instance = pod.stable();
    instance.wait_for_line("app", "done");
    assert_eq!(instance.sandbox_file("app", "stdout"), "nobody\ndone\n");
    assert_eq!(fs::metadata(machines).unwrap().uid(), 0);
}

fn without_a_user_a_container_is_root_and_may_set_iptables() {
    let agent = agent();
    let line = "id -un; iptables -A OUTPUT -p tcp --dport 1 -j REJECT && iptables-save | grep -c 'dport 1 '
                echo done; exec sleep 1000";
    let pod = run(&agent, &pod([container("app", line)]));
    let instance = pod.stable();
    instance.wait_for_line("app", "done");
    assert_eq!(instance.sandbox_file("app", "stdout"), "root\n1\ndone\n", "{}", instance.account());
}

/// What `istio-proxy` and Envoy's access log rely on.
fn standard_output_that_was_given_away_can_be_opened_by_name_and_nothing_is_overwritten() {
    let agent = agent();
    let line = "echo first; chown 1337:1337 /dev/stdout /dev/stderr; \
                chroot --userspec=1337:1337 --skip-chdir / sh -c 'echo by name >>/dev/stdout'; \
                echo done; exec sleep 1000";
    let pod = run(&agent, &pod([container("app", line)]));
    let instance = pod.stable();
    instance.wait_for_line("app", "done");
    let stdout = instance.sandbox_file("app", "stdout");
    assert_eq!(stdout, "first\nby name\ndone\n", "{}", instance.account());
}

crate::tests!(
    a_user_is_a_name_that_the_agent_knows_and_a_number_is_none,
    a_container_has_its_own_user_or_else_the_pods_and_owns_its_sandbox,
    commands_in_a_container_and_its_health_checks_are_its_users,
    what_a_fetched_link_leads_to_is_not_the_users,
    without_a_user_a_container_is_root_and_may_set_iptables,
    standard_output_that_was_given_away_can_be_opened_by_name_and_nothing_is_overwritten,
);
