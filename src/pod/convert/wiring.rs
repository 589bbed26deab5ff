//! How the program learns its ports: which ports the pod needs at all, and who sets the variables
//! that an app finds them in.

use std::collections::HashSet;

use super::checks::Check;
use super::command::Command;
use super::draft::Draft;
use super::ports::{Asked, Ports};
use super::variables::Variables;
use crate::pod::scope::Mode;

/// The ports and the variables that tell of them.
pub(super) struct Wiring<'n> {
    pub(super) ports: Ports<'n>,
    pub(super) variables: Variables,
    /// Whether the command sets all late variables, named in it or not: a program that runs on a
    /// port of Mesos's choice must read it somewhere.
    pub(super) sets_all: bool,
}

impl<'n> Wiring<'n> {
    pub(super) fn of(
        ports: Ports<'n>,
        command: &Command<'n>,
        check: Option<&Check<'n>>,
        mode: Mode,
        own: &HashSet<&str>,
        draft: &mut Draft<'n>,
    ) -> Self {
        let variables = Variables::of(&ports, mode, own);
        let is_asked = check.is_some_and(Check::asks_a_listed_port);
        let mut texts = command.texts().chain(check.and_then(Check::text));
        let is_named = texts.any(|text| !variables.named_in(text).is_empty());
        if ports.asked == Asked::ByNobody && !is_asked && !is_named {
            let message = "the port that Marathon gives an app that lists none is left out";
            let hint = "if the program reads `PORT`, list it: \"portDefinitions\": [{\"port\": 0}]";
            draft.tell(command.place().note("C17", message, hint));
            return Self {
                ports: Ports::default(),
                variables: Variables::default(),
                sets_all: false,
            };
        }
        let sets_all = mode == Mode::Host && !(ports.asked == Asked::ByNobody && is_named);
        if !variables.late.is_empty() && !(command.is_shell() && (sets_all || is_named)) {
            untold(&ports, &variables, command, mode, draft);
        }
        Self { ports, variables, sets_all }
    }
}

/// Nobody sets the late variables.
fn untold<'n>(
    ports: &Ports<'n>,
    variables: &Variables,
    command: &Command<'n>,
    mode: Mode,
    draft: &mut Draft<'n>,
) {
    let place = ports.place.as_ref().unwrap_or(command.place());
    let (name, value) = &variables.late[0];
    draft.tell(if mode == Mode::Host {
        let message =
            "the program can learn its port from `PORT` and the like only, which a pod has not";
        let hint = "start it by `cmd`, which can set them, or fix the ports with `requirePorts`";
        place.fault("C27", message, hint)
    } else {
        let message = format!("a pod has no `{name}`; the port of the agent is in `{value}`");
        let hint = "nothing to do if the program does not ask for the port of the agent";
        place.note("C16", message.replace('$', ""), hint)
    });
}
