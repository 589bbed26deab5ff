//! What an app runs: `cmd` by a shell, `args` by the image's entrypoint, or the image alone.

use serde_json::{Value, json};

use super::draft::{CONTAINER, Draft};
use super::place::Place;
use super::variables::{Variables, setting_first};
use crate::document::{Diagnostic, Kind};

/// What an app runs.
pub(super) struct Command<'n> {
    app: Place<'n>,
    cmd: Option<Place<'n>>,
    args: Option<Place<'n>>,
    has_image: bool,
}

impl<'n> Command<'n> {
    pub(super) fn of(app: &Place<'n>, has_image: bool, draft: &mut Draft<'n>) -> Self {
        let cmd = draft.member(app, "cmd", Kind::String).filter(|cmd| cmd.text().is_some());
        let args = draft.member(app, "args", Kind::Array).filter(|args| args.len() > 0);
        match (&cmd, &args) {
            (Some(_), Some(args)) => {
                let message = "an app has `cmd` or `args`, not both";
                draft.tell(args.fault("C20", message, "remove one of the two"));
            }
            (None, None) if !has_image && !is_said_wrongly(app, draft) => {
                let message = "there is nothing to run: no `cmd`, no `args` and no image";
                let hint = "add `cmd`, or `container.docker.image`";
                draft.tell(app.fault("C33", message, hint));
            }
            _ => {}
        }
        Self { app: app.clone(), cmd, args, has_image }
    }

    /// Whether a shell runs it.
    pub(super) fn is_shell(&self) -> bool {
        self.cmd.is_some()
    }

    /// Where it is said.
    pub(super) fn place(&self) -> &Place<'n> {
        self.cmd.as_ref().or(self.args.as_ref()).unwrap_or(&self.app)
    }

    /// The texts in which the program, or the shell before it, can find a variable's name.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'n str> {
        let args = self.args.iter().flat_map(|args| args.node.items());
        let args = args.filter_map(|arg| arg.as_str());
        self.cmd.iter().filter_map(Place::text).chain(args)
    }

    /// The container's `exec`. All late variables are set where the app must have them, otherwise
    /// those that its command names.
    pub(super) fn exec(
        &self,
        variables: &Variables,
        all: bool,
        draft: &mut Draft<'n>,
    ) -> Option<Value> {
        if let Some(cmd) = &self.cmd {
            draft.comes_from(format!("{CONTAINER}/exec/command/shell"), cmd);
            let shell = shell(cmd, variables, all, draft);
            return Some(json!({"command": {"shell": shell}}));
        }
        let args = self.args.as_ref()?;
        draft.comes_from(format!("{CONTAINER}/exec/command/argv"), args);
        for arg in args.items() {
            let text = arg.text().unwrap_or_default();
            let late = variables.named_in(text);
            let late = late.first().map(|(name, _)| name.as_str());
            if let Some(name) = late.or(variables.unknown_in(text)) {
                draft.tell(unknowable(&arg, name));
            }
        }
        let mut exec = json!({"command": {"argv": args.node.to_value()}});
        if !self.has_image {
            // Without an entrypoint Marathon runs the first argument (Marathon TaskBuilder).
            exec["overrideEntrypoint"] = json!(true);
        }
        Some(exec)
    }
}

/// A command for a shell, with the late variables set that it needs.
pub(super) fn shell<'n>(
    command: &Place<'n>,
    variables: &Variables,
    all: bool,
    draft: &mut Draft<'n>,
) -> String {
    let text = command.text().unwrap_or_default();
    if let Some(name) = variables.unknown_in(text) {
        draft.tell(unknowable(command, name));
    }
    let needed = if all { variables.late.iter().collect() } else { variables.named_in(text) };
    let Some((first, _)) = needed.first() else {
        return text.to_owned();
    };
    let message = format!("a pod has no `{first}`, so the command sets it from what a pod has");
    let hint = "the endpoint's own variable is there too, as the pod's `exec` shows";
    draft.tell_once(command.note("C15", message, hint));
    setting_first(&needed, text)
}

/// Whether `cmd` or `args` is there, and is a fault.
fn is_said_wrongly(app: &Place<'_>, draft: &Draft<'_>) -> bool {
    let said = ["cmd", "args"].into_iter().filter_map(|key| app.get(key));
    said.map(|it| it.pointer).any(|pointer| draft.is_faulty(&pointer))
}

fn unknowable(place: &Place<'_>, name: &str) -> Diagnostic {
    let message = format!("a pod has no `{name}`, and its value is not known before the launch");
    let hint = "write the port itself, with a fixed `hostPort` or `containerPort`, or use `cmd`";
    place.fault("C27", message, hint)
}
