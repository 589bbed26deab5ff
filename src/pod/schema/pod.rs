//! The pod itself: what stands outside its containers.

use super::container::{CONTAINER, LINUX_INFO};
use super::{
    ENVIRONMENT, INT, Keys, LABELS, NAME, NO_END, Pattern, Record, STRING, Type, Union, may, must,
    number, record, text, whole,
};

pub(in crate::pod) static POD: Record = record(
    "a pod",
    &[
        must("id", text(Pattern::PathId, 1, NO_END, "P03")),
        may("labels", LABELS),
        may("version", Type::Date),
        may("user", STRING),
        may("environment", ENVIRONMENT),
        must("containers", Type::List(&Type::Record(&CONTAINER), 1)),
        may("secrets", Type::Map(Keys::Any, &Type::Record(&SECRET))),
        may("volumes", Type::List(&Type::Union(Union::Volume), 0)),
        may("networks", Type::List(&Type::Record(&NETWORK), 0)),
        may("scaling", Type::Union(Union::Scaling)),
        may("scheduling", Type::Record(&SCHEDULING)),
        may("executorResources", Type::Record(&EXECUTOR_RESOURCES)),
        may("role", text(Pattern::Any, 1, NO_END, "P17")),
        may("linuxInfo", Type::Record(&LINUX_INFO)),
        may("legacySharedCgroups", Type::Boolean),
    ],
);

static SECRET: Record = record("a secret", &[must("source", text(Pattern::Any, 1, NO_END, "P23"))]);

static NETWORK: Record = record(
    "a network",
    &[
        may("name", text(Pattern::NetworkName, 1, 63, "P13")),
        may("mode", Type::Literal(&["container", "container/bridge", "host"])),
        may("labels", LABELS),
    ],
);

static EXECUTOR_RESOURCES: Record = record(
    "`executorResources`",
    &[
        may("cpus", number(0.1, f64::INFINITY, "P10")),
        may("mem", number(32.0, f64::INFINITY, "P10")),
        may("disk", number(10.0, f64::INFINITY, "P10")),
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
        may("upgrade", Type::Record(&UPGRADE)),
        may("placement", Type::Record(&PLACEMENT)),
        may("killSelection", Type::Literal(&["YOUNGEST_FIRST", "OLDEST_FIRST"])),
        may("unreachableStrategy", Type::Union(Union::Unreachable)),
    ],
);

static BACKOFF: Record = record(
    "`backoff`",
    &[
        may("backoff", number(0.0, f64::INFINITY, "P19")),
        may("backoffFactor", number(0.0, f64::INFINITY, "P19")),
        may("maxLaunchDelay", number(0.0, f64::INFINITY, "P19")),
    ],
);

static UPGRADE: Record = record(
    "`upgrade`",
    &[
        may("minimumHealthCapacity", number(0.0, 1.0, "P19")),
        may("maximumOverCapacity", number(0.0, 1.0, "P19")),
    ],
);

static PLACEMENT: Record = record(
    "`placement`",
    &[
        may("constraints", Type::List(&Type::Record(&CONSTRAINT), 0)),
        may("acceptedResourceRoles", Type::List(&STRING, 0)),
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
        may("value", STRING),
    ],
);

pub(in crate::pod) static UNREACHABLE: Record = record(
    "`unreachableStrategy`",
    &[
        may("inactiveAfterSeconds", whole(0, i64::MAX, "P19")),
        may("expungeAfterSeconds", whole(0, i64::MAX, "P19")),
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
        may("type", Type::Literal(&["root", "path", "mount"])),
        must("size", whole(0, i64::MAX, "P02")),
        may("maxSize", whole(0, i64::MAX, "P02")),
        may("profileName", STRING),
        may("constraints", Type::List(&Type::List(&STRING, 2), 0)),
    ],
);
