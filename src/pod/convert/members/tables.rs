//! The tables: the members of Marathon's app.raml, appContainer.raml, network.raml and
//! healthCheck.raml, and those of older Marathons.

use super::{Harm, Loss, Shape};
use crate::document::{Kind, Node};

pub(in crate::pod::convert) static ANSWER: Shape =
    Shape { what: "an answer about an app", carried: &["app"], reported: &[], lost: &[] };

pub(in crate::pod::convert) static APP: Shape = Shape {
    what: "an app",
    carried: &[
        "id",
        "cmd",
        "args",
        "cpus",
        "mem",
        "disk",
        "gpus",
        "resourceLimits",
        "instances",
        "env",
        "labels",
        "user",
        "container",
        "networks",
        "ipAddress",
        "portDefinitions",
        "ports",
        "requirePorts",
        "fetch",
        "uris",
        "healthChecks",
        "upgradeStrategy",
        "backoffSeconds",
        "backoffFactor",
        "maxLaunchDelaySeconds",
        "constraints",
        "acceptedResourceRoles",
        "killSelection",
        "unreachableStrategy",
        "taskKillGracePeriodSeconds",
        "secrets",
        "role",
        "tty",
        "executorResources",
    ],
    reported: &[
        "version",
        "versionInfo",
        "tasks",
        "tasksStaged",
        "tasksRunning",
        "tasksHealthy",
        "tasksUnhealthy",
        "taskStats",
        "deployments",
        "lastTaskFailure",
        "readinessCheckResults",
    ],
    lost: &[
        Loss {
            name: "check",
            rule: "C10",
            harm: Harm::None,
            idle: never,
            message: "`check` is lost: Marathon drops it from a pod",
            hint: "what it reported is no longer seen; a `healthChecks` entry is carried over",
        },
        Loss {
            name: "readinessChecks",
            rule: "C07",
            harm: Harm::None,
            idle: is_empty,
            message: "`readinessChecks` are lost: a pod has none",
            hint: "an upgrade goes on when the health check passes, so let that one tell",
        },
        Loss {
            name: "dependencies",
            rule: "C08",
            harm: Harm::None,
            idle: is_empty,
            message: "`dependencies` are lost: a pod has none",
            hint: "deploy in that order, and let the program wait for what it needs",
        },
        Loss {
            name: "residency",
            rule: "C11",
            harm: Harm::None,
            idle: is_empty,
            message: "`residency` is lost: a pod with a persistent volume stays on its agent for good",
            hint: "remove it; there is no time after which such a pod moves",
        },
        Loss {
            name: "executor",
            rule: "C24",
            harm: Harm::Grave,
            idle: is_default_executor,
            message: "a pod cannot have an `executor` of its own: Mesos starts the default one",
            hint: "keep it an app, or start the program by `cmd`",
        },
    ],
};

pub(in crate::pod::convert) static CONTAINER: Shape = Shape {
    what: "a container of an app",
    carried: &["type", "docker", "linuxInfo", "volumes", "portMappings"],
    reported: &[],
    lost: &[Loss {
        name: "appc",
        rule: "C34",
        harm: Harm::Grave,
        idle: never,
        message: "a pod cannot have an image of the kind `appc`",
        hint: "name a Docker image under `docker`",
    }],
};

pub(in crate::pod::convert) static DOCKER: Shape = Shape {
    what: "`docker`",
    carried: &["image", "forcePullImage", "pullConfig", "network", "portMappings"],
    reported: &[],
    lost: &[
        Loss {
            name: "parameters",
            rule: "C21",
            harm: Harm::Grave,
            idle: is_empty,
            message: "`parameters` go to Docker, which does not run pods",
            hint: "say the same with members of the app, as `env`, `user`, `volumes`, or keep it an app",
        },
        Loss {
            name: "privileged",
            rule: "C22",
            harm: Harm::Grave,
            idle: is_false,
            message: "a pod cannot be `privileged`",
            hint: "remove it if the program can do without, or keep it an app",
        },
        Loss {
            name: "credential",
            rule: "C23",
            harm: Harm::Grave,
            idle: never,
            message: "a pod cannot have a `credential`: Mesos no longer reads it",
            hint: "use `pullConfig` with a secret",
        },
    ],
};

pub(in crate::pod::convert) static PORT_MAPPING: Shape = Shape {
    what: "a port mapping",
    carried: &["containerPort", "hostPort", "labels", "name", "protocol", "networkNames"],
    reported: &[],
    lost: &[Loss {
        name: "servicePort",
        rule: "C05",
        harm: Harm::None,
        idle: is_zero,
        message: "`servicePort` is lost: an endpoint of a pod has none",
        hint: super::super::ports::INSTEAD_OF_SERVICE_PORT,
    }],
};

pub(in crate::pod::convert) static PORT_DEFINITION: Shape = Shape {
    what: "a port definition",
    carried: &["port", "labels", "name", "protocol"],
    reported: &[],
    lost: &[],
};

pub(in crate::pod::convert) static IP_ADDRESS: Shape = Shape {
    what: "`ipAddress`",
    carried: &["discovery", "labels", "networkName"],
    reported: &[],
    lost: &[Loss {
        name: "groups",
        rule: "C09",
        harm: Harm::None,
        idle: is_empty,
        message: "`groups` are lost: a pod joins networks only",
        hint: "say who may connect in the network itself",
    }],
};

pub(in crate::pod::convert) static DISCOVERY: Shape =
    Shape { what: "`discovery`", carried: &["ports"], reported: &[], lost: &[] };

pub(in crate::pod::convert) static DISCOVERY_PORT: Shape = Shape {
    what: "a port of `discovery`",
    carried: &["number", "name", "protocol", "labels"],
    reported: &[],
    lost: &[],
};

pub(in crate::pod::convert) static HEALTH_CHECK: Shape = Shape {
    what: "a health check of an app",
    carried: &[
        "command",
        "gracePeriodSeconds",
        "intervalSeconds",
        "maxConsecutiveFailures",
        "path",
        "port",
        "portIndex",
        "protocol",
        "timeoutSeconds",
        "delaySeconds",
    ],
    reported: &[],
    lost: &[
        Loss {
            name: "ignoreHttp1xx",
            rule: "C14",
            harm: Harm::None,
            idle: is_false,
            message: "`ignoreHttp1xx` is lost: to Mesos an answer from 200 to 399 is healthy",
            hint: "remove it",
        },
        Loss {
            name: "ipProtocol",
            rule: "C31",
            harm: Harm::Grave,
            idle: is_ipv4,
            message: "a pod's health check goes to 127.0.0.1, never to an IPv6 address",
            hint: "let the program listen on IPv4 too, or check it by a command",
        },
    ],
};

pub(in crate::pod::convert) static COMMAND: Shape =
    Shape { what: "a check's command", carried: &["value"], reported: &[], lost: &[] };

pub(in crate::pod::convert) static VOLUME: Shape = Shape {
    what: "a volume of an app",
    carried: &["containerPath", "hostPath", "mode", "persistent", "secret"],
    reported: &[],
    lost: &[Loss {
        name: "external",
        rule: "C25",
        harm: Harm::Grave,
        idle: never,
        message: "a pod cannot have an external volume",
        hint: "mount it on the agents and name it by `hostPath`, or keep it an app",
    }],
};

fn never(_: &Node<'_>) -> bool {
    false
}

fn is_empty(node: &Node<'_>) -> bool {
    match node.kind() {
        Kind::Array => node.items().is_empty(),
        Kind::Object => node.members().is_empty(),
        _ => false,
    }
}

fn is_false(node: &Node<'_>) -> bool {
    node.as_bool() == Some(false)
}

fn is_zero(node: &Node<'_>) -> bool {
    node.as_i64() == Some(0)
}

fn is_ipv4(node: &Node<'_>) -> bool {
    node.as_str().is_some_and(|protocol| protocol.eq_ignore_ascii_case("IPv4"))
}

/// Marathon's command executor, by whichever name.
fn is_default_executor(node: &Node<'_>) -> bool {
    matches!(node.as_str(), Some("" | "//cmd"))
}
