//! How far the pods are: on a terminal a line each that changes in place, otherwise a line for
//! each change.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use marathon_inject::command_line::printable;

/// The progress of all pods.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Shown>);

enum Shown {
    Nothing,
    Lines,
    Bars(MultiProgress),
}

/// The progress of one pod.
pub(crate) struct Line<'p> {
    progress: &'p Progress,
    id: String,
    bar: Option<ProgressBar>,
    last: RefCell<String>,
}

impl Progress {
    /// For stderr as it is.
    pub(crate) fn new(quiet: bool) -> Self {
        let shown = if quiet {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            let target = ProgressDrawTarget::stderr_with_hz(10);
            Shown::Bars(MultiProgress::with_draw_target(target))
        } else {
            Shown::Lines
        };
        Self(Arc::new(shown))
    }

    /// Says something that concerns no pod alone.
    pub(crate) fn note(&self, words: &str) {
        if !matches!(&*self.0, Shown::Nothing) {
            self.insist(words);
        }
    }

    /// Says something that must be known even by those who asked for quiet.
    pub(crate) fn insist(&self, words: &str) {
        let words = printable(words);
        match &*self.0 {
            Shown::Nothing | Shown::Lines => write_line(&words),
            Shown::Bars(bars) => bars.suspend(|| write_line(&words)),
        }
    }

    /// The line of a pod.
    pub(crate) fn line(&self, id: &str) -> Line<'_> {
        let id = printable(id);
        let bar = match &*self.0 {
            Shown::Bars(bars) => Some(bars.add(bar(&id))),
            Shown::Nothing | Shown::Lines => None,
        };
        Line { progress: self, id, bar, last: RefCell::default() }
    }

    /// Takes away what was only to be seen meanwhile.
    pub(crate) fn clear(&self) {
        if let Shown::Bars(bars) = &*self.0 {
            // A terminal that is gone needs no clearing.
            let _ = bars.clear();
        }
    }
}

fn bar(id: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix} {wide_msg} {elapsed}")
        .expect("the template is fixed")
        .tick_chars("|/-\\ ");
    let bar = ProgressBar::new_spinner().with_style(style).with_prefix(id.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

impl Line<'_> {
    /// Says where the pod is, unless that was said last.
    pub(crate) fn say(&self, words: &str) {
        let words = printable(words);
        if *self.last.borrow() == words {
            return;
        }
        match &self.bar {
            Some(bar) => bar.set_message(words.clone()),
            None => self.progress.note(&format!("{} {words}", self.id)),
        }
        self.last.replace(words);
    }

    /// Says how it ended, for good.
    pub(crate) fn end(self, words: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.progress.note(&format!("{} {words}", self.id));
    }
}

fn write_line(words: &str) {
    // Where stderr is closed there is nobody left to tell.
    let _ = writeln!(anstream::stderr(), "{words}");
}
