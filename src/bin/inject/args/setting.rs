//! The flags of the settings. They come from the table of settings, so that they cannot differ from
//! the environment's and the config file's names.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, FromArgMatches};
use marathon_inject::settings::{Key, Settings, label_of};

/// Where a setting comes from, for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Environment,
    Flag,
}

/// The settings that the environment and the flags give, in the order in which they apply.
#[derive(Debug)]
pub(crate) struct SettingArgs(pub(crate) Vec<(Key, String, Origin)>);

impl Args for SettingArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        let command = command.next_help_heading("Settings");
        let settings = Settings::default();
        settings.texts().fold(command, |command, (key, default)| command.arg(flag(key, default)))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

fn flag(key: Key, default: Option<String>) -> Arg {
    let arg = Arg::new(key.name())
        .long(key.name())
        .env(key.variable())
        .hide_env_values(true)
        .value_name(key.form())
        .help(help(key, default))
        .hide_short_help(true);
    match key.kube_inject_flag() {
        Some(alias) => arg.alias(alias),
        None => arg,
    }
}

fn help(key: Key, default: Option<String>) -> String {
    let label = label_of(key).map(|label| format!(" [label: {label}]"));
    let default = default.map(|text| format!(" [default: {text}]"));
    [key.about(), &default.unwrap_or_default(), &label.unwrap_or_default()].concat()
}

impl FromArgMatches for SettingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = Key::all().filter_map(|key| {
            let value = matches.get_one::<String>(key.name())?.clone();
            let from = match matches.value_source(key.name())? {
                ValueSource::EnvVariable => Origin::Environment,
                _ => Origin::Flag,
            };
            Some((key, value, from))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
        Err(clap::Error::new(ErrorKind::InvalidSubcommand))
    }
}
