//! The pod itself: what stands outside its containers.

use super::container::{CONTAINER, LINUX_INFO};
use super::{
    Absent, ENVIRONMENT, FALSE, INT, Keys, LABELS, NAME, NO_END, Pattern, Record, STRING, Type,
    Union, may, must, number, record, text, whole,
};

pub(in crate::pod) static POD: Record = record(
    "a pod",
    &[
        must("id", text(Pattern::PathId, 1, NO_END, "P03")),
        may("labels", LABELS),
        may("version", Type::Date).or(Absent::Anything),
        may("user", STRING),
        may("environment", ENVIRONMENT),
        must("containers", Type::List(&Type::Record(&CONTAINER), 1)),
        may("secrets", Type::Map(Keys::Any, &Type::Record(&SECRET))),
        may("volumes", Type::List(&Type::Union(Union::Volume), 0)),
        may("networks", Type::List(&Type::Record(&NETWORK), 0)),
        may("scaling", Type::Union(Union::Scaling)).or(Absent::Instances(1)),
        may("scheduling", Type::Record(&SCHEDULING)),
        may("executorResources", Type::Record(&EXECUTOR_RESOURCES)),
        may("role", text(Pattern::Any, 1, NO_END, "P17")).or(Absent::Role),
        may("linuxInfo", Type::Record(&LINUX_INFO)),
        may("legacySharedCgroups", Type::Boolean).or(FALSE),
    ],
);

static SECRET: Record = record("a secret", &[must("source", text(Pattern::Any, 1, NO_END, "P23"))]);

static NETWORK: Record = record(
    "a network",
    &[
        may("name", text(Pattern::NetworkName, 1, 63, "P13")).or(Absent::NetworkName),
        may("mode", Type::Literal(&["container", "container/bridge", "host"]))
            .or(Absent::Word("container")),
        may("labels", LABELS),
    ],
);

static EXECUTOR_RESOURCES: Record = record(
    "`executorResources`",
    &[
        may("cpus", number(0.1, f64::INFINITY, "P10")).or(Absent::Number(&[0.1])),
        may("mem", number(32.0, f64::INFINITY, "P10")).or(Absent::Number(&[32.0])),
        may("disk", number(10.0, f64::INFINITY, "P10")).or(Absent::Number(&[10.0])),
    ],
);

/// The `kind` is the discriminator, and what else is wrong becomes one instance.
pub(in crate::pod) static SCALING: Record =
    record("`scaling`", &[may("kind", Type::Anything), may("instances", Type::Anything)]);

pub(in crate::pod) static INSTANCES: Type = whole(0, INT, "P02");

static SCHEDULING: Record = record(
    "`scheduling`",
    &[
        may("backoff", Type::Record(&BACKOFF)),
        may("upgrade", Type::Record(&UPGRADE)).or(Absent::Upgrade),
        may("placement", Type::Record(&PLACEMENT)),
        may("killSelection", Type::Literal(&["YOUNGEST_FIRST", "OLDEST_FIRST"]))
            .or(Absent::Word("YOUNGEST_FIRST")),
        may("unreachableStrategy", Type::Union(Union::Unreachable)).or(Absent::Unreachable),
    ],
);

static BACKOFF: Record = record(
    "`backoff`",
    &[
        may("backoff", number(0.0, f64::INFINITY, "P19")).or(Absent::Number(&[1.0])),
        may("backoffFactor", number(0.0, f64::INFINITY, "P19")).or(Absent::Number(&[1.15])),
        may("maxLaunchDelay", number(0.0, f64::INFINITY, "P19"))
            .or(Absent::Number(&[300.0, 3600.0])),
    ],
);

static UPGRADE: Record = record(
    "`upgrade`",
    &[
        may("minimumHealthCapacity", number(0.0, 1.0, "P19")).or(Absent::Number(&[1.0])),
        may("maximumOverCapacity", number(0.0, 1.0, "P19")).or(Absent::Number(&[1.0])),
    ],
);

static PLACEMENT: Record = record(
    "`placement`",
    &[
        may("constraints", Type::Set(&Type::Record(&CONSTRAINT))),
        may("acceptedResourceRoles", Type::Set(&STRING)),
    ],
);

static CONSTRAINT: Record = record(
    "a constraint",
    &[
        must("fieldName", STRING),
        must(
            "operator",
            Type::Literal(&["UNIQUE", "CLUSTER", "GROUP_BY", "LIKE", "UNLIKE", "MAX_PER", "IS"]),
        ),
        // Some Marathons answer with the empty string where there is no value.
        may("value", STRING).or(Absent::Word("")),
    ],
);

pub(in crate::pod) static UNREACHABLE: Record = record(
    "`unreachableStrategy`",
    &[
        may("inactiveAfterSeconds", whole(0, i64::MAX, "P19")).or(Absent::Number(&[0.0, 300.0])),
        may("expungeAfterSeconds", whole(0, i64::MAX, "P19")).or(Absent::Number(&[0.0, 600.0])),
    ],
);

/// The kinds of a volume are told apart before its members are read.
pub(in crate::pod) static VOLUME: Record = record(
    "a volume",
    &[
        must("name", NAME),
        may("persistent", Type::Anything),
        may("secret", Type::Anything),
        may("host", Type::Anything),
    ],
);

/// A persistent or secret volume may be called anything; no mount can name it then.
pub(in crate::pod) static FREE_VOLUME: Record = record(
    "a volume",
    &[
        must("name", text(Pattern::Any, 1, NO_END, "P04")),
        may("persistent", Type::Anything),
        may("secret", Type::Anything),
        may("host", Type::Anything),
    ],
);

pub(in crate::pod) static PERSISTENT: Record = record(
    "`persistent`",
    &[
        may("type", Type::Literal(&["root", "path", "mount"])).or(Absent::DiskType),
        must("size", whole(0, i64::MAX, "P02")),
        may("maxSize", whole(0, i64::MAX, "P02")),
        may("profileName", STRING),
        may("constraints", Type::Set(&Type::List(&STRING, 2))),
    ],
);

/// What a volume of each kind is to Marathon, whatever else stands there.
pub(in crate::pod) static PERSISTENT_VOLUME: Record =
    record("a volume", &[must("name", STRING), must("persistent", Type::Record(&PERSISTENT))]);

pub(in crate::pod) static SECRET_VOLUME: Record =
    record("a volume", &[must("name", STRING), must("secret", STRING)]);

pub(in crate::pod) static HOST_VOLUME: Record =
    record("a volume", &[must("name", STRING), must("host", STRING)]);

pub(in crate::pod) static EPHEMERAL_VOLUME: Record = record("a volume", &[must("name", STRING)]);
