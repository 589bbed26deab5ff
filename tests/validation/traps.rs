//! What Marathon accepts and then ignores or never launches.

use super::{Case, case};

const ENDPOINT: &str = "/containers/0/endpoints/0";
const MOUNT: &str = "/containers/0/volumeMounts";

pub(super) const CASES: &[Case] = &[
    case(
        "T01",
        &[("/lables", "{}")],
        "/lables",
        "a pod has no member `lables`: Marathon ignores it",
    ),
    case(
        "T02",
        &[("/containers/0/endpoints/0/protocol", r#"["TCP"]"#)],
        "/containers/0/endpoints/0/protocol/0",
        "hands the protocol \"TCP\" to Mesos",
    ),
    case(
        "T03",
        &[
            ("/volumes", r#"[{"name": "v", "hots": "/etc"}]"#),
            (MOUNT, r#"[{"name": "v", "mountPath": "v"}]"#),
        ],
        "/volumes/0/hots",
        "becomes an ephemeral volume",
    ),
    case(
        "T03",
        &[
            ("/volumes", r#"[{"name": "v", "persistent": {"size": "10"}}]"#),
            (MOUNT, r#"[{"name": "v", "mountPath": "v"}]"#),
        ],
        "/volumes/0/persistent",
        "becomes an ephemeral volume",
    ),
    case(
        "T03",
        &[
            ("/volumes", r#"[{"name": "v", "host": "/etc", "secret": ""}]"#),
            (MOUNT, r#"[{"name": "v", "mountPath": "v"}]"#),
        ],
        "/volumes/0/secret",
        "becomes a host volume",
    ),
    case(
        "T04",
        &[("/scaling", r#"{"kind": "fixed", "instances": "3"}"#)],
        "/scaling/instances",
        "silently starts 1",
    ),
    case(
        "T04",
        &[("/scaling", r#"{"kind": "fixed", "instances": -1}"#)],
        "/scaling/instances",
        "silently starts 1",
    ),
    case(
        "T05",
        &[("/containers/0/linuxInfo", r#"{"seccomp": {"profileName": 1}}"#)],
        "/containers/0/linuxInfo/seccomp",
        "silently ignores it",
    ),
    case(
        "T06",
        &[("/scheduling", r#"{"unreachableStrategy": "whatever"}"#)],
        "/scheduling/unreachableStrategy",
        "for \"disabled\"",
    ),
    case(
        "T07",
        &[("/containers/0/exec/command/argv", r#"["b"]"#)],
        "/containers/0/exec/command/argv",
        "takes `shell` and ignores this `argv`",
    ),
    case(
        "T08",
        &[("/networks", "")],
        "/containers/0/endpoints/0/containerPort",
        "the pod uses the agent's network",
    ),
    case(
        "T09",
        &[("/networks", "[]"), ("/containers/0/endpoints/0/containerPort", "")],
        "/containers/0/endpoints/0/containerPort",
        "never launches it",
    ),
    case(
        "T10",
        &[
            ("/networks", r#"[{"mode": "container/bridge"}]"#),
            ("/containers/0/endpoints/0/containerPort", ""),
        ],
        "/containers/0/endpoints/0/containerPort",
        "leads to no port of the container",
    ),
    case(
        "T11",
        &[(ENDPOINT, r#"{"name": "b", "containerPort": 81, "labels": {"VIP_0": "/x:80"}}"#)],
        "/containers/0/endpoints/1/protocol",
        "no SRV record, no VIP",
    ),
    case(
        "T12",
        &[
            ("/containers/0/image", ""),
            ("/volumes", r#"[{"name": "v"}]"#),
            (MOUNT, r#"[{"name": "v", "mountPath": "/etc/certs"}]"#),
        ],
        "/containers/0/volumeMounts/0/mountPath",
        "the launch fails unless this path exists",
    ),
    case(
        "T13",
        &[
            ("/volumes", r#"[{"name": "v"}, {"name": "w"}]"#),
            (MOUNT, r#"[{"name": "v", "mountPath": "/x"}, {"name": "w", "mountPath": "/x"}]"#),
        ],
        "/containers/0/volumeMounts/1/mountPath",
        "mounted at one path",
    ),
    case(
        "T14",
        &[("/containers/0/image", ""), ("/containers/0/exec", "")],
        "/containers/0",
        "nothing to run",
    ),
    case(
        "T15",
        &[("/containers/0/image", ""), ("/containers/0/exec", r#"{"command": {"argv": ["a"]}}"#)],
        "/containers/0/exec/command/argv",
        "there is no image: the launch fails",
    ),
    case("T16", &[("/environment", r#"{"HOST": "x"}"#)], "/environment/HOST", "overwrites `HOST`"),
    case(
        "T16",
        &[
            ("/containers/0/environment", r#"{"EP_HOST_MY_WEB": "x"}"#),
            ("/containers/0/endpoints/0/name", r#""my-web""#),
        ],
        "/containers/0/environment/EP_HOST_MY_WEB",
        "overwrites `EP_HOST_MY_WEB`",
    ),
    case("T17", &[("/user", r#""1337""#)], "/user", "not as a uid"),
    case("T17", &[("/containers/0/user", r#""0""#)], "/containers/0/user", "not as a uid"),
    case(
        "T18",
        &[("/containers/0/check", r#"{"exec": {"command": {"shell": "true"}}}"#)],
        "/containers/0/check",
        "drops it",
    ),
    case(
        "T19",
        &[("/containers/0/artifacts", r#"[{"uri": "/f", "destPath": "/etc/f"}]"#)],
        "/containers/0/artifacts/0/destPath",
        "outside the sandbox",
    ),
    case(
        "T20",
        &[(
            "/containers/0/artifacts",
            r#"[{"uri": "https://h/bundle-certs.tgz?x=1", "cache": true}]"#,
        )],
        "/containers/0/artifacts/0/cache",
        "never refreshed",
    ),
    case(
        "T21",
        &[(
            "/containers/0/artifacts",
            r#"[{"uri": "/f.sh", "extract": true, "executable": true}]"#,
        )],
        "/containers/0/artifacts/0/extract",
        "never extracted",
    ),
    case(
        "T22",
        &[("/id", r#""/group/a-pod-with-a-name-that-goes-on-and-on-and-on-and-on""#)],
        "/id",
        "the id has 58 characters",
    ),
    case("T23", &[("/containers/0/user", r#""""#)], "/containers/0/user", "names nobody"),
    case(
        "T24",
        &[("/containers/0/exec/overrideEntrypoint", "false")],
        "/containers/0/exec/overrideEntrypoint",
        "always replaces the image's entrypoint",
    ),
];

/// Changes after which the pod is still fine.
pub(super) const FINE: &[(&str, &str)] = &[
    ("/user", "null"),
    ("/volumes", "null"),
    ("/secrets", "{}"),
    ("/containers/0/endpoints", "[]"),
    ("/containers/0/healthCheck", "null"),
    ("/containers/0/image/kind", r#""docker""#),
    ("/networks/0/mode", r#""Container""#),
    ("/networks/0/name", r#""my_net""#),
    ("/scheduling", r#"{"killSelection": "youngest_first", "unreachableStrategy": "disabled"}"#),
    (
        "/scheduling",
        r#"{"placement": {"constraints": [{"fieldName": "a", "operator": "LIKE", "value": "(?<!x)(a)\\1++"}]}}"#,
    ),
    (
        "/scheduling",
        r#"{"placement": {"constraints": [{"fieldName": "@zone", "operator": "GROUP_BY"}]}}"#,
    ),
    ("/scaling", r#"{"kind": "fixed", "instances": 0}"#),
    ("/version", r#""2018-12-24T18:30:00.000Z""#),
    ("/version", r#""2018-12-24T18:30:00+01:00""#),
    (
        "/environment",
        r#"{"ENDPOINT_ELSEWHERE": "x", "MESOS_NATIVE_JAVA_LIBRARY": "/lib", "HOSTNAME": ""}"#,
    ),
    ("/executorResources", r#"{"cpus": 0.1, "mem": 32, "disk": 10}"#),
    ("/containers/0/resourceLimits", r#"{"cpus": "unlimited", "mem": 32}"#),
    (
        "/containers/0/linuxInfo",
        r#"{"seccomp": {"profileName": "p"}, "ipcInfo": {"mode": "PRIVATE", "shmSize": 1}}"#,
    ),
    (
        "/containers/0/artifacts",
        r#"[{"uri": "https://h/app.tgz", "cache": true, "destPath": "a/b"}]"#,
    ),
    (
        "/containers/0/healthCheck",
        r#"{"http": {"endpoint": "http", "scheme": "http", "path": "/"}}"#,
    ),
    ("/containers/0/lifecycle", r#"{"killGracePeriodSeconds": 0.5}"#),
];

/// An unknown member and what the hint must say.
pub(super) const ADVICE: &[(&str, &str, &str)] = &[
    ("/containers/0/image/forcePullImage", "true", "`forcePull`"),
    ("/containers/0/image/forcepull", "true", "did you mean `forcePull`?"),
    ("/fetch", "[]", "`artifacts` of each container"),
    ("/containers/0/fetch", "[]", "in a pod it is `artifacts`"),
    ("/containers/0/uris", "[]", "in a pod it is `artifacts`"),
    ("/acceptedResourceRoles", "[]", "`scheduling.placement.acceptedResourceRoles`"),
    ("/constraints", "[]", "`scheduling.placement.constraints`"),
    ("/scheduling", r#"{"backoff": {"maxLaunchDelaySeconds": 1}}"#, "`maxLaunchDelay`"),
    ("/cmd", r#""x""#, "`exec.command`"),
    ("/cpus", "1", "`resources`"),
    ("/instances", "1", "`scaling`"),
    ("/env", "{}", "`environment`"),
    ("/containers/0/portMappings", "[]", "`endpoints`"),
    ("/healthChecks", "[]", "`healthCheck`"),
    ("/containers/0/healthcheck", "{}", "did you mean `healthCheck`?"),
    ("/containers/0/endpoints/0/containerport", "80", "did you mean `containerPort`?"),
    ("/scaling", r#"{"kind": "fixed", "maxInstances": 2}"#, "pods have nothing like it"),
    ("/xyz", "1", "remove it"),
];
