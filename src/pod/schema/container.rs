//! A container and all that stands in it.

use super::{
    Absent, ENVIRONMENT, FALSE, INT, LABELS, NAME, NO_END, PATH, Pattern, Record, SECONDS, STRING,
    TRUE, Type, Union, may, must, number, record, text, whole,
};

pub(super) static CONTAINER: Record = Record {
    what: "a container",
    members: &[
        must("name", NAME),
        may("exec", Type::Record(&EXEC)),
        must("resources", Type::Record(&RESOURCES)),
        may("resourceLimits", Type::Record(&RESOURCE_LIMITS)),
        may("endpoints", Type::List(&Type::Record(&ENDPOINT), 0)),
        may("linuxInfo", Type::Record(&LINUX_INFO)),
        may("image", Type::Record(&IMAGE)),
        may("environment", ENVIRONMENT),
        may("user", STRING),
        may("healthCheck", Type::Record(&HEALTH_CHECK)),
        may("check", Type::Record(&CHECK)).or(Absent::Anything),
        may("volumeMounts", Type::List(&Type::Record(&VOLUME_MOUNT), 0)),
        may("artifacts", Type::List(&Type::Record(&ARTIFACT), 0)),
        may("labels", LABELS),
        may("lifecycle", Type::Record(&LIFECYCLE)),
        may("tty", Type::Boolean).or(FALSE),
    ],
    completed: true,
};

static EXEC: Record = record(
    "`exec`",
    &[
        must("command", Type::Union(Union::Command)),
        may("overrideEntrypoint", Type::Boolean).or(FALSE),
    ],
);

pub(in crate::pod) static COMMAND: Record =
    record("a command", &[may("shell", Type::Anything), may("argv", Type::Anything)]);

/// What a command is to Marathon where it has a `shell`, whatever else stands there.
pub(in crate::pod) static SHELL_COMMAND: Record = record("a command", &[must("shell", STRING)]);

pub(in crate::pod) static ARGV_COMMAND: Record =
    record("a command", &[must("argv", Type::List(&STRING, 1))]);

pub(in crate::pod) static VARIABLE: Record = record("a variable", &[must("secret", STRING)]);

static RESOURCES: Record = record(
    "`resources`",
    &[
        may("cpus", number(0.001, f64::INFINITY, "P09")).or(Absent::Number(&[1.0])),
        may("mem", number(0.001, f64::INFINITY, "P09")).or(Absent::Number(&[128.0])),
        may("disk", number(0.0, f64::INFINITY, "P09")).or(Absent::Number(&[0.0])),
        may("gpus", whole(0, INT, "P09")).or(Absent::Number(&[0.0])),
    ],
);

static RESOURCE_LIMITS: Record = record(
    "`resourceLimits`",
    &[may("cpus", Type::Union(Union::Limit)), may("mem", Type::Union(Union::Limit))],
);

static ENDPOINT: Record = record(
    "an endpoint",
    &[
        must("name", NAME),
        may("containerPort", whole(1, 65535, "P07")),
        may("hostPort", whole(0, 65535, "P08")).or(Absent::HostPort),
        may("protocol", Type::List(&STRING, 1)),
        may("labels", LABELS),
        may("networkNames", Type::List(&STRING, 0)),
    ],
);

static IMAGE: Record = record(
    "an image",
    &[
        must("kind", Type::Literal(&["DOCKER"])),
        must("id", PATH),
        may("pullConfig", Type::Record(&PULL_CONFIG)),
        may("forcePull", Type::Boolean).or(FALSE),
        may("labels", LABELS),
    ],
);

static PULL_CONFIG: Record =
    record("`pullConfig`", &[must("secret", text(Pattern::Any, 1, NO_END, "P23"))]);

static HEALTH_CHECK: Record = record(
    "a health check",
    &[
        may("http", Type::Record(&HTTP)),
        may("tcp", Type::Record(&TCP)),
        may("exec", Type::Record(&CHECK_EXEC)),
        may("gracePeriodSeconds", SECONDS).or(Absent::Number(&[300.0])),
        may("intervalSeconds", SECONDS).or(Absent::Number(&[60.0])),
        may("maxConsecutiveFailures", SECONDS).or(Absent::Number(&[3.0])),
        may("timeoutSeconds", SECONDS).or(Absent::Number(&[20.0])),
        may("delaySeconds", SECONDS).or(Absent::Number(&[15.0])),
    ],
);

static CHECK: Record = record(
    "a check",
    &[
        may("http", Type::Record(&HTTP)),
        may("tcp", Type::Record(&TCP)),
        may("exec", Type::Record(&CHECK_EXEC)),
        may("intervalSeconds", SECONDS),
        may("timeoutSeconds", SECONDS),
        may("delaySeconds", SECONDS),
    ],
);

static HTTP: Record = record(
    "an HTTP check",
    &[
        must("endpoint", NAME),
        // Mesos asks for `/` where there is no path.
        may("path", text(Pattern::Any, 1, 1024, "V35")).or(Absent::Word("/")),
        may("scheme", Type::Literal(&["HTTP", "HTTPS"])).or(Absent::Word("HTTP")),
    ],
);

static TCP: Record = record("a TCP check", &[must("endpoint", NAME)]);

static CHECK_EXEC: Record =
    record("a command check", &[must("command", Type::Union(Union::CheckCommand))]);

static VOLUME_MOUNT: Record = record(
    "a volume mount",
    &[must("name", NAME), must("mountPath", PATH), may("readOnly", Type::Boolean).or(FALSE)],
);

static ARTIFACT: Record = record(
    "an artifact",
    &[
        must("uri", text(Pattern::Any, 1, 1024, "P12")),
        may("extract", Type::Boolean).or(TRUE),
        may("executable", Type::Boolean).or(FALSE),
        may("cache", Type::Boolean).or(FALSE),
        may("destPath", PATH),
    ],
);

static LIFECYCLE: Record =
    record("`lifecycle`", &[may("killGracePeriodSeconds", number(0.0, f64::INFINITY, "P20"))]);

pub(super) static LINUX_INFO: Record = record(
    "`linuxInfo`",
    &[may("seccomp", Type::Union(Union::Seccomp)), may("ipcInfo", Type::Record(&IPC_INFO))],
);

static IPC_INFO: Record = record(
    "`ipcInfo`",
    &[
        must("mode", Type::Literal(&["PRIVATE", "SHARE_PARENT"])),
        may("shmSize", whole(i32::MIN as i64, INT, "P02")),
    ],
);

pub(in crate::pod) static SECCOMP: Record =
    record("`seccomp`", &[may("profileName", STRING), may("unconfined", Type::Boolean).or(FALSE)]);
