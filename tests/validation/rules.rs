//! What Marathon's rules refuse, each in Marathon's words.

use super::{Case, case};

const LINUX: &str = "/containers/0/linuxInfo";
const CHECK: &str = "/containers/0/healthCheck";
const MOUNT: &str = "/containers/0/volumeMounts";
const SECOND: &str = "/containers/1";
const PERSISTENT: &str = r#"[{"name": "v", "persistent": {"size": 10}}]"#;
const MOUNTED: &str = r#"[{"name": "v", "mountPath": "v"}]"#;
const CONSTRAINT: &str = "/scheduling/placement/constraints/0";

pub(super) const CASES: &[Case] = &[
    case("V01", &[("/id", r#""/""#)], "/id", "Path must contain at least one path element"),
    case("V02", &[("/id", r#""some/foo""#)], "/id", "Path needs to be absolute"),
    case(
        "V04",
        &[("/id", r#""/foo/versions""#)],
        "/id",
        "must not end with any of the following reserved keywords: restart, tasks, versions, ., ..",
    ),
    case("V05", &[("/id", r#""/foo/../bar""#)], "/id", "Identifier is not child of '/foo/..'"),
    case("V06", &[("/user", r#""""#)], "/user", "must not be empty"),
    case(
        "V08",
        &[("/environment", r#"{"A": {"secret": "s"}}"#)],
        "/environment/A/secret",
        "references an undefined secret",
    ),
    case(
        "V08",
        &[("/containers/0/environment", r#"{"A": {"secret": "s"}}"#)],
        "/containers/0/environment/A/secret",
        "references an undefined secret",
    ),
    case(
        "V11",
        &[("/volumes", r#"[{"name": "v", "secret": "s"}]"#), (MOUNT, MOUNTED)],
        "/volumes/0/secret",
        "volume.secret must refer to an existing secret",
    ),
    case(
        "V12",
        &[("/volumes", r#"[{"name": "v"}]"#)],
        "/volumes/0",
        "volume must be referenced by at least one container",
    ),
    case(
        "V13",
        &[("/volumes", r#"[{"name": "v"}, {"name": "v"}]"#), (MOUNT, MOUNTED)],
        "/volumes/1",
        "volume names must be unique",
    ),
    case("V16", &[("/secrets", r#"{"": {"source": "/s"}}"#)], "/secrets/", "must not be empty"),
    case(
        "V18",
        &[(SECOND, r#"{"name": "a", "resources": {}, "image": {"kind": "DOCKER", "id": "x"}}"#)],
        "/containers/1/name",
        "container names must be unique",
    ),
    case(
        "V21",
        &[("/containers/0/resourceLimits", r#"{"mem": 16, "cpus": 0.1}"#)],
        "/containers/0/resourceLimits/mem",
        "resource limit must be greater than or equal to requested resource (32.0)",
    ),
    case(
        "V22",
        &[("/containers/0/resourceLimits", r#"{"cpus": "1"}"#)],
        "/containers/0/resourceLimits/cpus",
        "'1' is an invalid resource limit. It must be 'unlimited' or a number",
    ),
    case(
        "V23",
        &[
            ("/containers/0/resourceLimits", r#"{"cpus": "unlimited"}"#),
            ("/legacySharedCgroups", "true"),
        ],
        "/containers/0/resourceLimits",
        "resourceLimits cannot be defined if legacySharedCgroups is enabled",
    ),
    case(
        "V24",
        &[("/containers/0/endpoints/0/networkNames", r#"["dcos", "other"]"#)],
        "/containers/0/endpoints/0/networkNames/1",
        "is not one of (dcos)",
    ),
    case(
        "V25",
        &[("/networks", r#"[{"mode": "HOST"}]"#)],
        "/containers/0/endpoints/0/containerPort",
        "is not allowed when using host-mode networking",
    ),
    case(
        "V26",
        &[("/containers/0/endpoints/0/containerPort", "")],
        "/containers/0/endpoints/0/containerPort",
        "is required when using container-mode networking",
    ),
    case(
        "V27",
        &[("/containers/0/endpoints/0/protocol", r#"["tcp", "udp", "tcp"]"#)],
        "/containers/0/endpoints/0/protocol/2",
        "Duplicate protocols within the same endpoint are not allowed",
    ),
    case(
        "V28",
        &[
            ("/networks", r#"[{"name": "one"}, {"name": "two"}]"#),
            ("/containers/0/endpoints/0/hostPort", "0"),
        ],
        "/containers/0/endpoints/0",
        "networkNames must be a single item list when hostPort is specified and more than 1 container network is defined",
    ),
    case(
        "V30",
        &[("/containers/0/image/pullConfig", r#"{"secret": "s"}"#)],
        "/containers/0/image/pullConfig",
        "pullConfig.secret must refer to an existing secret",
    ),
    case("V31", &[(CHECK, "{}")], CHECK, "Only one of http, tcp, or command may be specified"),
    case(
        "V31",
        &[(CHECK, r#"{"tcp": {"endpoint": "http"}, "http": {"endpoint": "http"}}"#)],
        CHECK,
        "exactly one of `http`, `tcp`, `exec`, not 2",
    ),
    case(
        "V32",
        &[(CHECK, r#"{"tcp": {"endpoint": "http"}, "intervalSeconds": 2}"#)],
        "/containers/0/healthCheck/timeoutSeconds",
        "got 20, expected less than 2",
    ),
    case(
        "V33",
        &[(CHECK, r#"{"http": {"endpoint": "x"}}"#)],
        "/containers/0/healthCheck/http/endpoint",
        "contained in the container endpoints",
    ),
    case(
        "V35",
        &[(CHECK, r#"{"http": {"endpoint": "http", "path": ""}}"#)],
        "/containers/0/healthCheck/http/path",
        "got 0, expected between 1 and 1024",
    ),
    case(
        "V36",
        &[(CHECK, r#"{"exec": {"command": {"shell": ""}}}"#)],
        "/containers/0/healthCheck/exec/command",
        "got 0, expected more than 0",
    ),
    case(
        "V36",
        &[(CHECK, r#"{"exec": {"command": {"argv": []}}}"#)],
        "/containers/0/healthCheck/exec/command",
        "got 0, expected more than 0",
    ),
    case(
        "V38",
        &[(MOUNT, MOUNTED)],
        "/containers/0/volumeMounts/0/name",
        "Referenced Volume in VolumeMount should exist",
    ),
    case(
        "V41",
        &[(LINUX, r#"{"seccomp": {"profileName": "p", "unconfined": true}}"#)],
        "/containers/0/linuxInfo/seccomp",
        "Seccomp unconfined can NOT be true when Profile is defined",
    ),
    case(
        "V42",
        &[(LINUX, r#"{"seccomp": {}}"#)],
        "/containers/0/linuxInfo/seccomp",
        "Seccomp unconfined must be true when Profile is NOT defined",
    ),
    case(
        "V43",
        &[("/linuxInfo", r#"{"ipcInfo": {"mode": "SHARE_PARENT", "shmSize": 1}}"#)],
        "/linuxInfo/ipcInfo",
        "ipcInfo shmSize can NOT be set when mode is SHARE_PARENT",
    ),
    case(
        "V43",
        &[(LINUX, r#"{"ipcInfo": {"mode": "share_parent", "shmSize": 1}}"#)],
        "/containers/0/linuxInfo/ipcInfo",
        "ipcInfo shmSize can NOT be set when mode is SHARE_PARENT",
    ),
    case(
        "V44",
        &[("/linuxInfo", r#"{"seccomp": {"unconfined": true}}"#)],
        "/linuxInfo/seccomp",
        "Seccomp configuration on executor level is not supported",
    ),
    case(
        "V45",
        &[(
            "/containers/0/endpoints/1",
            r#"{"name": "http", "containerPort": 81, "protocol": ["tcp"]}"#,
        )],
        "/containers/0/endpoints/1/name",
        "endpoint names nust be unique across all containers",
    ),
    case(
        "V46",
        &[(
            SECOND,
            r#"{"name": "b", "resources": {}, "image": {"kind": "DOCKER", "id": "x"},
            "endpoints": [{"name": "b", "containerPort": 80, "protocol": ["tcp"]}]}"#,
        )],
        "/containers/1/endpoints/0/containerPort",
        "container ports must be unique across all containers",
    ),
    case(
        "V47",
        &[
            ("/containers/0/endpoints/0/hostPort", "80"),
            (
                "/containers/0/endpoints/1",
                r#"{"name": "b", "containerPort": 81, "hostPort": 80, "protocol": ["tcp"]}"#,
            ),
        ],
        "/containers/0/endpoints/1/hostPort",
        "host ports must be unique across all containers",
    ),
    case(
        "V48",
        &[
            ("/networks", r#"[{"mode": "host", "labels": {"a": "b"}}]"#),
            ("/containers/0/endpoints/0/containerPort", ""),
        ],
        "/networks/0",
        "Host networks may not have names or labels",
    ),
    case(
        "V49",
        &[("/networks/0/mode", r#""container/bridge""#)],
        "/networks/0",
        "Bridge networks may not have names",
    ),
    case(
        "V50",
        &[("/networks/1", r#"{"name": "dcos"}"#)],
        "/networks/1",
        "Duplicate networks are not allowed",
    ),
    case("V50", &[("/networks", "[{}, {}]")], "/networks/1", "two have no name"),
    case(
        "V51",
        &[("/networks/1", r#"{"mode": "container/bridge"}"#)],
        "/networks/1",
        "May specify a single host network, single bridge network, or else 1-to-n container networks",
    ),
    case(
        "V57",
        &[(
            "/scheduling",
            r#"{"placement": {"constraints": [{"fieldName": "", "operator": "CLUSTER"}]}}"#,
        )],
        CONSTRAINT,
        "missing field for constraint declaration",
    ),
    case(
        "V58",
        &[(
            "/scheduling",
            r#"{"placement": {"constraints": [{"fieldName": "a", "operator": "UNIQUE", "value": "1"}]}}"#,
        )],
        CONSTRAINT,
        "UNIQUE does not accept a value",
    ),
    case(
        "V59",
        &[(
            "/scheduling",
            r#"{"placement": {"constraints": [{"fieldName": "a", "operator": "group_by", "value": "x"}]}}"#,
        )],
        CONSTRAINT,
        "GROUP BY must define an integer value or else no value at all",
    ),
    case(
        "V60",
        &[(
            "/scheduling",
            r#"{"placement": {"constraints": [{"fieldName": "a", "operator": "MAX_PER"}]}}"#,
        )],
        CONSTRAINT,
        "MAX_PER requires an integer value",
    ),
    case(
        "V61",
        &[(
            "/scheduling",
            r#"{"placement": {"constraints": [{"fieldName": "a", "operator": "UNLIKE"}]}}"#,
        )],
        CONSTRAINT,
        "LIKE and UNLIKE require a non-empty, regular expression value",
    ),
    case(
        "V62",
        &[(
            "/scheduling",
            r#"{"placement": {"constraints": [{"fieldName": "a", "operator": "LIKE", "value": "rack-[1-3"}]}}"#,
        )],
        CONSTRAINT,
        "is not a valid regular expression",
    ),
    case(
        "V63",
        &[(
            "/scheduling",
            r#"{"placement": {"constraints": [{"fieldName": "a", "operator": "IS", "value": "a b"}]}}"#,
        )],
        CONSTRAINT,
        "IS only supports Mesos text and float values (see http://mesos.apache.org/documentation/latest/attributes-resources/)",
    ),
    case(
        "V64",
        &[("/scheduling", r#"{"placement": {"acceptedResourceRoles": ["*", "a/b"]}}"#)],
        "/scheduling/placement/acceptedResourceRoles/1",
        "A role name must not include a slash (\\x2f) character.",
    ),
    case(
        "V64",
        &[("/scheduling", r#"{"placement": {"acceptedResourceRoles": [".."]}}"#)],
        "/scheduling/placement/acceptedResourceRoles/0",
        "A role name must not be \"..\".",
    ),
    case(
        "V64",
        &[("/scheduling", r#"{"placement": {"acceptedResourceRoles": ["-a"]}}"#)],
        "/scheduling/placement/acceptedResourceRoles/0",
        "A role name must not start with a '-'.",
    ),
    case(
        "V65",
        &[
            ("/volumes", PERSISTENT),
            (MOUNT, MOUNTED),
            ("/scheduling", r#"{"placement": {"acceptedResourceRoles": ["*", "a"]}}"#),
        ],
        "/scheduling/placement/acceptedResourceRoles",
        "A resident pod must have `acceptedResourceRoles = [\"*\"]`.",
    ),
    case(
        "V66",
        &[
            ("/volumes", PERSISTENT),
            (MOUNT, MOUNTED),
            ("/scheduling", r#"{"upgrade": {"minimumHealthCapacity": 0.5}}"#),
        ],
        "/scheduling/upgrade/maximumOverCapacity",
        "got 1.0, expected 0.0",
    ),
    case(
        "V67",
        &[
            ("/volumes", PERSISTENT),
            (MOUNT, MOUNTED),
            ("/scheduling", r#"{"unreachableStrategy": {"inactiveAfterSeconds": 1}}"#),
        ],
        "/scheduling/unreachableStrategy",
        "unreachableStrategy must be disabled for pods with persistent volumes",
    ),
];

const DISABLED: &str = "Feature secrets is not enabled. Enable with --enable_features secrets)";

/// Of a Marathon without the feature `secrets` and without a default network.
pub(super) const BARE: &[Case] = &[
    case(
        "V07 V14",
        &[
            ("/environment", r#"{"A": {"secret": "s"}}"#),
            ("/secrets", r#"{"s": {"source": "/s"}}"#),
        ],
        "/environment/A",
        "use of secret-references in the environment requires the secrets feature to be enabled",
    ),
    case(
        "V10 V14",
        &[
            ("/volumes", r#"[{"name": "v", "secret": "s"}]"#),
            (MOUNT, MOUNTED),
            ("/secrets", r#"{"s": {"source": "/s"}}"#),
        ],
        "/volumes/0",
        DISABLED,
    ),
    case("V14", &[("/secrets", r#"{"s": {"source": "/s"}}"#)], "/secrets", DISABLED),
    case(
        "V29 V14",
        &[
            ("/containers/0/image/pullConfig", r#"{"secret": "s"}"#),
            ("/secrets", r#"{"s": {"source": "/s"}}"#),
        ],
        "/containers/0/image/pullConfig",
        DISABLED,
    ),
    case(
        "V52",
        &[("/networks/0/name", "")],
        "/networks/0",
        "Network name must be specified when container network is selected.",
    ),
];
