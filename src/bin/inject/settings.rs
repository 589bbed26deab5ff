//! The settings of a run: defaults, MeshConfig, config file, environment, flags, each over the one
//! before; and the overlays.

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::command_line::{Failure, Input};
use marathon_inject::document::{Diagnostic, Source};
use marathon_inject::plan::{Adoption, Injector, Overlay};
use marathon_inject::settings::{ConfigFile, Key, Settings, parse_file, parse_mesh_config};

use crate::args::{Origin, SettingArgs, SettingsArgs, SourceArgs};
use crate::report::Report;

/// Where a person finds what a setting takes.
const LISTED: &str = "docs/settings.md lists the settings and what they take";

/// The settings of a run, and the overlays that its config file names.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) settings: Settings,
    overlays: Vec<Utf8PathBuf>,
}

/// The injector that the arguments describe; none if there are faults, which are all reported.
pub(crate) fn injector(args: &SourceArgs, report: &mut Report) -> Option<Injector> {
    let before = report.errors();
    let Told { settings, mut overlays } = settings(&args.settings, report);
    overlays.extend(args.overlays.iter().cloned());
    let overlays = overlays.iter().filter_map(|path| overlay(path, report)).collect();
    if report.errors() == before
        && let Err(error) = settings.check()
    {
        report.fault(&Failure::input(error.to_string()));
    }
    let adoption = if args.adopt { Adoption::On } else { Adoption::Off };
    (report.errors() == before).then(|| Injector::new(settings, overlays).adopting(adoption))
}

/// The settings that the arguments describe, each by itself; their faults are reported.
pub(crate) fn settings(args: &SettingsArgs, report: &mut Report) -> Told {
    if args.inject_config_file.is_some() {
        let fault = Failure::input("--injectConfigFile: there are no templates here")
            .hint("describe what is to differ in a partial pod and name it with --overlay");
        report.fault(&fault);
    }
    let Told { mut settings, mut overlays } = Told::default();
    if let Some(path) = &args.mesh_config_file {
        mesh_config(&mut settings, path, report);
    }
    // An empty variable is one that is not set.
    if let Some(path) = args.config.as_ref().filter(|path| !path.as_str().is_empty()) {
        let dir = path.parent().unwrap_or(Utf8Path::new(""));
        let file = config_file(&mut settings, path, report);
        overlays.extend(file.overlays.iter().map(|overlay| dir.join(overlay)));
    }
    environment_and_flags(&mut settings, &args.each, report);
    unknown_variables(report);
    Told { settings, overlays }
}

fn environment_and_flags(settings: &mut Settings, given: &SettingArgs, report: &mut Report) {
    for (key, text, from) in &given.0 {
        if let Err(error) = settings.set(*key, text) {
            let name = match from {
                Origin::Environment => key.variable(),
                Origin::Flag => format!("--{}", key.name()),
            };
            let words = format!("{name}: invalid value {text:?}: {error}");
            report.fault(&Failure::input(words));
        }
    }
}

/// A misspelt variable would be ignored without a word.
fn unknown_variables(report: &mut Report) {
    let known = |name: &str| {
        ["INJECT_CONFIG", "INJECT_JOIN_KEY", "INJECT_MARATHON"].contains(&name)
            || Key::all().any(|key| key.variable() == name)
    };
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut unknown: Vec<_> =
        names.filter(|name| name.starts_with("INJECT_") && !known(name)).collect();
    unknown.sort();
    for name in unknown {
        report.warn(&format!("the environment variable {name} sets nothing"));
    }
}

/// A file's text; none if it cannot be read, which is reported.
fn read(path: &Utf8Path, report: &mut Report) -> Option<Source> {
    Input::named(path).read().map_err(|why| report.unreadable(&why)).ok()
}

fn mesh_config(settings: &mut Settings, path: &Utf8Path, report: &mut Report) {
    let Some(source) = read(path, report) else { return };
    let wrong = |words: String| Failure::input(format!("{path}: {words}"));
    let mesh = match parse_mesh_config(source.text()) {
        Ok(mesh) => mesh,
        Err(error) => return report.fault(&wrong(error.to_string())),
    };
    for (key, text) in &mesh.settings {
        if let Err(error) = settings.set(*key, text) {
            report.fault(&wrong(format!("{}: invalid value {text:?}: {error}", key.name())));
        }
    }
    for field in &mesh.without_effect {
        report.note(&format!("{path}: {field} has no effect on Marathon"));
    }
}

/// What of a config file can be used; its faults are reported.
fn config_file(settings: &mut Settings, path: &Utf8Path, report: &mut Report) -> ConfigFile {
    let Some(source) = read(path, report) else {
        return ConfigFile::default();
    };
    let mut faults = Vec::new();
    let file = parse_file(source.text()).unwrap_or_else(|errors| {
        faults.extend(errors.into_iter().map(|error| {
            let fault = Diagnostic::error(error.message).rule("S01").span(error.span);
            fault.hint(error.hint.unwrap_or_else(|| LISTED.to_owned()))
        }));
        ConfigFile::default()
    });
    for (key, text, span) in &file.settings {
        if let Err(error) = settings.set(*key, text) {
            let message = format!("{}: invalid value {text:?}: {error}", key.name());
            let fault = Diagnostic::error(message).rule("S01").span(span.clone());
            faults.push(fault.hint(LISTED));
        }
    }
    // As people read the file.
    faults.sort_by_key(|fault| fault.span.as_ref().map_or(0, |span| span.start));
    report.findings(&source, &faults);
    file
}

fn overlay(path: &Utf8Path, report: &mut Report) -> Option<Overlay> {
    let source = read(path, report)?;
    Overlay::parse(&source).map_err(|error| report.findings(&source, &error.faults)).ok()
}
