//! Marathon's own definition of a pod (its RAML types) as data. The reader walks a pod along it,
//! and a comparison walks two.
//!
//! A member has its type, its bounds and the rule that the bounds belong to. The RAML gives bounds
//! to some members that no rule is named for; they carry the rule of their like (`image.id` is a
//! `Path` as `mountPath` is). It also has what its absence amounts to: the RAML's default, what
//! Marathon's normalization fills in, or what Mesos does then.

mod container;
mod pod;

pub(super) use container::{ARGV_COMMAND, COMMAND, SECCOMP, SHELL_COMMAND, VARIABLE};
pub(super) use pod::{
    EPHEMERAL_VOLUME, FREE_VOLUME, HOST_VOLUME, INSTANCES, PERSISTENT, PERSISTENT_VOLUME, POD,
    SCALING, SECRET_VOLUME, UNREACHABLE, VOLUME,
};

/// An object with named members.
pub(super) struct Record {
    /// What it is called in a message, as `an image`.
    pub(super) what: &'static str,
    pub(super) members: &'static [Member],
    /// Whether injection may complete it: a member that it then lacks is no fault.
    pub(super) completed: bool,
}

/// A member of a record.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) holds: Type,
    pub(super) absent: Absent,
}

/// What Marathon takes for a member that is absent.
pub(super) enum Absent {
    /// Nothing; for a list or an object, an empty one.
    Empty,
    Boolean(bool),
    /// One of these: which one depends on Marathon's version.
    Number(&'static [f64]),
    Word(&'static str),
    /// A scaling policy with so many instances.
    Instances(i64),
    /// 0, a port that Mesos chooses; in container mode none (Marathon PodNormalization).
    HostPort,
    /// In container mode `--default_network_name` (Marathon NetworkNormalization).
    NetworkName,
    /// `--mesos_role`, or the top group where that enforces its role (Marathon RoleSettings).
    Role,
    /// `root`, and with a profile `mount` (Marathon volumes.raml).
    DiskType,
    /// The defaults of its members; of a pod with persistent volumes, what Marathon
    /// UpgradeStrategy.forResidentTasks says.
    Upgrade,
    /// Enabled, with the defaults of its members; of a pod with persistent volumes, disabled.
    Unreachable,
    /// Not to be asked: Marathon drops or sets the member whatever a definition says.
    Anything,
}

/// What a value must be.
pub(super) enum Type {
    Text(Text),
    Boolean,
    Integer(Integer),
    Number(Number),
    /// One of these words, in any case.
    Literal(&'static [&'static str]),
    /// An ISO-8601 date-time with an offset.
    Date,
    /// The type of the elements and the fewest of them.
    List(&'static Self, usize),
    /// A list in which neither order nor repetition counts.
    Set(&'static Self),
    Record(&'static Record),
    /// An object with free keys.
    Map(Keys, &'static Self),
    Union(Union),
    /// Whatever it is: somebody else looks at it.
    Anything,
}

/// A string with bounds on its length.
pub(super) struct Text {
    pub(super) pattern: Pattern,
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) rule: &'static str,
}

/// What a string must look like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    Any,
    Name,
    NetworkName,
    PathId,
}

/// A whole number.
pub(super) struct Integer {
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) rule: &'static str,
}

/// A number.
pub(super) struct Number {
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) rule: &'static str,
}

/// What the keys of a map must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    Any,
    Environment,
}

/// Values that come in several shapes. Marathon reports the faults of the last shape only, or
/// none where the last one fits anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Union {
    /// An environment variable: a string or `{"secret": ...}`.
    Variable,
    /// A resource limit: a string or a number.
    Limit,
    /// A container's command: `{"shell": ...}` or `{"argv": [...]}`.
    Command,
    /// The same in a health check, where an empty one has a rule of its own.
    CheckCommand,
    Volume,
    Scaling,
    Unreachable,
    Seccomp,
}

impl Member {
    const fn or(self, absent: Absent) -> Self {
        Self { absent, ..self }
    }
}

const fn must(name: &'static str, holds: Type) -> Member {
    Member { name, required: true, holds, absent: Absent::Empty }
}

const fn may(name: &'static str, holds: Type) -> Member {
    Member { name, required: false, holds, absent: Absent::Empty }
}

const fn record(what: &'static str, members: &'static [Member]) -> Record {
    Record { what, members, completed: false }
}

const fn text(pattern: Pattern, min: usize, max: usize, rule: &'static str) -> Type {
    Type::Text(Text { pattern, min, max, rule })
}

const fn whole(min: i64, max: i64, rule: &'static str) -> Type {
    Type::Integer(Integer { min, max, rule })
}

const fn number(min: f64, max: f64, rule: &'static str) -> Type {
    Type::Number(Number { min, max, rule })
}

const TRUE: Absent = Absent::Boolean(true);
const FALSE: Absent = Absent::Boolean(false);
const INT: i64 = i32::MAX as i64;
const NO_END: usize = usize::MAX;
const STRING: Type = text(Pattern::Any, 0, NO_END, "P02");
const NAME: Type = text(Pattern::Name, 1, 63, "P04");
const PATH: Type = text(Pattern::Any, 1, 1024, "P11");
const SECONDS: Type = whole(0, INT, "P20");
const LABELS: Type = Type::Map(Keys::Any, &STRING);
const ENVIRONMENT: Type = Type::Map(Keys::Environment, &Type::Union(Union::Variable));
