//! The settings of a run: defaults, MeshConfig, config file, environment, flags, each over the one
//! before; and the overlays.

use camino::{Utf8Path, Utf8PathBuf};
use marathon_inject::document::{Diagnostic, Snippets, Source};
use marathon_inject::plan::{Injector, Overlay};
use marathon_inject::settings::{ConfigFile, Key, Settings, parse_file, parse_mesh_config};

use crate::args::{InjectArgs, Origin};
use crate::exit::Failure;
use crate::report::Report;

/// The injector that the arguments describe.
pub(crate) fn injector(args: &InjectArgs, report: &mut Report) -> Result<Injector, Failure> {
    if args.inject_config_file.is_some() {
        return Err(Failure::input("--injectConfigFile: there are no templates here")
            .hint("describe what is to differ in a partial pod and name it with --overlay"));
    }
    let mut settings = Settings::default();
    if let Some(path) = &args.mesh_config_file {
        mesh_config(&mut settings, path, report)?;
    }
    let mut overlays = Vec::new();
    // An empty variable is one that is not set.
    if let Some(path) = args.config.as_ref().filter(|path| !path.as_str().is_empty()) {
        let dir = path.parent().unwrap_or(Utf8Path::new(""));
        let file = config_file(&mut settings, path, report)?;
        overlays.extend(file.overlays.iter().map(|overlay| dir.join(overlay)));
    }
    environment_and_flags(&mut settings, args)?;
    unknown_variables(report);
    overlays.extend(args.overlays.iter().cloned());
    let overlays = overlays.iter().map(|path| overlay(path, report)).collect::<Result<_, _>>()?;
    Ok(Injector::new(settings, overlays))
}

fn environment_and_flags(settings: &mut Settings, args: &InjectArgs) -> Result<(), Failure> {
    let faults: Vec<_> = args
        .settings
        .0
        .iter()
        .filter_map(|(key, text, from)| {
            let error = settings.set(*key, text).err()?;
            let name = match from {
                Origin::Environment => key.variable(),
                Origin::Flag => format!("--{}", key.name()),
            };
            Some(format!("{name}: invalid value {text:?}: {error}"))
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::input(faults.join("\nerror: "))) }
}

/// A misspelt variable would be ignored without a word.
fn unknown_variables(report: &mut Report) {
    let known =
        |name: &str| name == "INJECT_CONFIG" || Key::all().any(|key| key.variable() == name);
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut unknown: Vec<_> =
        names.filter(|name| name.starts_with("INJECT_") && !known(name)).collect();
    unknown.sort();
    for name in unknown {
        report.warn(&format!("the environment variable {name} sets nothing"));
    }
}

fn mesh_config(
    settings: &mut Settings,
    path: &Utf8Path,
    report: &mut Report,
) -> Result<(), Failure> {
    let text = fs_err::read_to_string(path)?;
    let wrong = |words: String| Failure::input(format!("{path}: {words}"));
    let mesh = parse_mesh_config(&text).map_err(|error| wrong(error.to_string()))?;
    for (key, text) in &mesh.settings {
        settings
            .set(*key, text)
            .map_err(|error| wrong(format!("{}: invalid value {text:?}: {error}", key.name())))?;
    }
    for field in &mesh.without_effect {
        report.note(&format!("{path}: {field} has no effect on Marathon"));
    }
    Ok(())
}

fn config_file(
    settings: &mut Settings,
    path: &Utf8Path,
    report: &Report,
) -> Result<ConfigFile, Failure> {
    let source = Source::new(path.as_str(), fs_err::read_to_string(path)?);
    let mut faults = Vec::new();
    let file = parse_file(source.text()).unwrap_or_else(|errors| {
        faults.extend(errors.into_iter().map(|error| {
            let fault = Diagnostic::error(error.message).span(error.span);
            match error.hint {
                Some(hint) => fault.hint(hint),
                None => fault,
            }
        }));
        ConfigFile::default()
    });
    for (key, text, span) in &file.settings {
        if let Err(error) = settings.set(*key, text) {
            let message = format!("{}: invalid value {text:?}: {error}", key.name());
            faults.push(Diagnostic::error(message).span(span.clone()));
        }
    }
    // As people read the file.
    faults.sort_by_key(|fault| fault.span.as_ref().map_or(0, |span| span.start));
    if faults.is_empty() { Ok(file) } else { Err(refused(&source, &faults, report.snippets())) }
}

fn overlay(path: &Utf8PathBuf, report: &Report) -> Result<Overlay, Failure> {
    let source = Source::new(path.as_str(), fs_err::read_to_string(path)?);
    Overlay::parse(&source).map_err(|error| refused(&source, &error.faults, report.snippets()))
}

/// All faults of a file, drawn; the first line is the failure's own.
fn refused(source: &Source, faults: &[Diagnostic], snippets: &Snippets) -> Failure {
    let drawn: Vec<_> = faults.iter().map(|fault| snippets.draw(source, fault)).collect();
    Failure::input(format!("{} cannot be used\n{}", source.name(), drawn.join("\n")))
}
