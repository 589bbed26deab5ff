//! What containers share, and what they mount.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{LASTS, agent, container, pod, run};
use crate::mesos::Tasks;

fn mount(name: &str, path: &str) -> Value {
    json!({"name": name, "mountPath": path})
}

fn an_ephemeral_volume_is_shared_and_belongs_to_root_others_may_read() {
    let agent = agent();
    let mut writes = container("writes", "echo hello >/data/file; exec sleep 1000");
    writes["volumeMounts"] = json!([mount("data", "/data")]);
    let mut reads = container(
        "reads",
        "until [ -s below/here/file ]; do sleep 0.02; done
         cat below/here/file; touch below/here/mine || echo refused
         stat -c '%U %a' below/here; echo done; exec sleep 1000",
    );
    reads["volumeMounts"] = json!([mount("data", "below/here")]);
    reads["user"] = "nobody".into();
    let mut definition = pod([writes, reads]);
    definition["volumes"] = json!([{"name": "data"}]);
    let pod = run(&agent, &definition);
    let instance = pod.stable();
    instance.wait_for_line("reads", "done");
    assert_eq!(instance.sandbox_file("reads", "stdout"), "hello\nrefused\nroot 755\ndone\n");
}

fn a_read_only_mount_refuses_root_too_and_only_where_it_is_read_only() {
    let agent = agent();
    let line = "touch /readable/one || echo refused; touch /data/one && ls /readable; echo done; \
                exec sleep 1000";
    let mut app = container("app", line);
    let read_only = json!({"name": "data", "mountPath": "/readable", "readOnly": true});
    app["volumeMounts"] = json!([read_only, mount("data", "/data")]);
    let mut definition = pod([app]);
    definition["volumes"] = json!([{"name": "data"}]);
    let pod = run(&agent, &definition);
    let instance = pod.stable();
    instance.wait_for_line("app", "done");
    assert_eq!(instance.sandbox_file("app", "stdout"), "refused\none\ndone\n");
}

fn a_host_volume_is_a_directory_or_a_file_of_the_agent() {
    let agent = agent();
    let data = agent.path("/var/lib/data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("in"), "from the agent\n").unwrap();
    let line = "cat /data/in /one; echo from the pod >/data/out; echo done; exec sleep 1000";
    let mut app = container("app", line);
    app["volumeMounts"] = json!([mount("data", "/data"), mount("one", "/one")]);
    let mut definition = pod([app]);
    definition["volumes"] = json!([
        {"name": "data", "host": "/var/lib/data"}, {"name": "one", "host": "/var/lib/data/in"},
    ]);
    let pod = run(&agent, &definition);
    let instance = pod.stable();
    instance.wait_for_line("app", "done");
    let stdout = instance.sandbox_file("app", "stdout");
    assert_eq!(stdout, "from the agent\nfrom the agent\ndone\n");
    assert_eq!(fs::read_to_string(data.join("out")).unwrap(), "from the pod\n");
}

fn a_host_volume_that_the_agent_does_not_have_fails_the_launch() {
    let agent = agent();
    let mut app = container("app", LASTS);
    app["volumeMounts"] = json!([mount("data", "/data")]);
    let mut definition = pod([app]);
    definition["volumes"] = json!([{"name": "data", "host": "/var/lib/data"}]);
    let pod = run(&agent, &definition);
    let first = pod.instance_number(0);
    assert_ne!(pod.instance_number(1).id, first.id);
    assert!(first.see(Tasks::have_failed), "{}", first.account());
}

fn a_mount_below_a_link_of_the_image_is_where_the_link_leads_in_the_container() {
    let agent = agent();
    let mut app = container("app", "ls /run/of-a-trial; echo done; exec sleep 1000");
    app["volumeMounts"] = json!([mount("data", "/var/run/of-a-trial")]);
    let mut definition = pod([app]);
    definition["volumes"] = json!([{"name": "data"}]);
    assert_eq!(fs::read_link("/var/run").unwrap(), Path::new("/run"));
    let pod = run(&agent, &definition);
    let instance = pod.stable();
    instance.wait_for_line("app", "done");
    assert_eq!(instance.sandbox_file("app", "stdout"), "done\n", "{}", instance.account());
    assert!(!agent.path("/run/of-a-trial").exists());
}

fn a_file_that_is_mounted_over_another_leaves_it_as_it_is() {
    let agent = agent();
    let data = agent.path("/var/lib/data");
    fs::create_dir(&data).unwrap();
    for name in ["one", "other"] {
        fs::write(data.join(name), name).unwrap();
    }
    let mut app = container("app", "cat /data/one; echo; echo done; exec sleep 1000");
    app["volumeMounts"] = json!([mount("data", "/data"), mount("other", "/data/one")]);
    let mut definition = pod([app]);
    definition["volumes"] = json!([
        {"name": "data", "host": "/var/lib/data"},
        {"name": "other", "host": "/var/lib/data/other"},
    ]);
    let pod = run(&agent, &definition);
    let instance = pod.stable();
    instance.wait_for_line("app", "done");
    assert_eq!(instance.sandbox_file("app", "stdout"), "other\ndone\n");
    assert_eq!(fs::read_to_string(data.join("one")).unwrap(), "one");
}

fn a_relative_host_volume_is_a_directory_of_the_containers_own_sandbox() {
    let agent = agent();
    fs::write(agent.path("/var/lib/file"), "fetched\n").unwrap();
    let line = "cat /etc/certs/one; ls /etc/certs; echo done; exec sleep 1000";
    let with_mount = |name: &str| {
        let mut container = container(name, line);
        container["volumeMounts"] = json!([mount("certs", "/etc/certs")]);
        container
    };
    let mut fetches = with_mount("fetches");
    fetches["artifacts"] = json!([{"uri": "file:///var/lib/file", "destPath": "certs/one"}]);
    let mut definition = pod([fetches, with_mount("other")]);
    definition["volumes"] = json!([{"name": "certs", "host": "certs"}]);
    let pod = run(&agent, &definition);
    let instance = pod.stable();
    for (container, seen) in [("fetches", "fetched\none\ndone\n"), ("other", "done\n")] {
        instance.wait_for_line(container, "done");
        assert_eq!(instance.sandbox_file(container, "stdout"), seen);
    }
}

crate::tests!(
    an_ephemeral_volume_is_shared_and_belongs_to_root_others_may_read,
    a_read_only_mount_refuses_root_too_and_only_where_it_is_read_only,
    a_host_volume_is_a_directory_or_a_file_of_the_agent,
    a_host_volume_that_the_agent_does_not_have_fails_the_launch,
    a_mount_below_a_link_of_the_image_is_where_the_link_leads_in_the_container,
    a_file_that_is_mounted_over_another_leaves_it_as_it_is,
    a_relative_host_volume_is_a_directory_of_the_containers_own_sandbox,
);
