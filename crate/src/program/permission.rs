//! Leave to do what a run's description asks for, but its reader may not expect.

use super::error::ProgramError;
use super::output::say;
use super::outside::command_line;
use clap::Args;
use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};

/// A description that names a program is code, whoever wrote it, and models are large: a program starts, and a model is
/// fetched, only by a flag or after a yes on the terminal.
#[derive(Args, Debug, Default)]
pub struct Permission {
    /// Start the program that a run names as its reward without asking [field: reward.run]
    #[arg(long)]
    pub allow_commands: bool,
    /// Fetch the model that a run names without asking [field: prior.hub]
    #[arg(long)]
    pub download: bool,
    /// What the user has said yes to, who is not asked twice.
    #[arg(skip)]
    pub granted: RefCell<Vec<Vec<String>>>,
}

impl Permission {
    /// Whether this program, named by `field`, may start; asks on the terminal if there is one.
    pub fn of(&self, field: &str, words: &[String]) -> Result<(), ProgramError> {
        if self.allow_commands || self.granted.borrow().iter().any(|known| known == words) {
            return Ok(());
        }
        let line = command_line(words);
        let what = format!("This run starts a program, which may do all that you may ({field}):\n  {line}");
        if agrees(&what, "Start it?") {
            self.granted.borrow_mut().push(words.to_owned());
            return Ok(());
        }
        Err(ProgramError::Data(format!(
            "{field}: `{line}` is a program, which may do all that you may; use --allow-commands to run it"
        )))
    }
}

/// Says something and asks about it on the terminal; without one the answer is no.
pub fn agrees(what: &str, question: &str) -> bool {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return false;
    }
    say(what);
    let mut terminal = io::stderr();
    let mut answer = String::new();
    write!(terminal, "{question} [y/N] ")
        .and_then(|()| terminal.flush())
        .and_then(|()| io::stdin().read_line(&mut answer))
        .is_ok_and(|_| is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::{Permission, is_yes};
    use std::cell::RefCell;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn programs_need_the_flag_or_a_yes() {
        let command = words(&["python3", "my reward.py", "\u{1b}[2K\u{202e}"]);
        let flag = Permission {
            allow_commands: true,
            ..Permission::default()
        };
        assert!(flag.of("reward.run", &command).is_ok());
        let agreed = Permission {
            granted: RefCell::new(vec![command.clone()]),
            ..Permission::default()
        };
        assert!(agreed.of("reward.run", &command).is_ok());
    }

    #[test]
    fn a_yes_is_for_one_command() {
        let agreed = Permission {
            granted: RefCell::new(vec![words(&["python3", "reward.py"])]),
            ..Permission::default()
        };
        // Tests are not asked: cargo's output is a terminal perhaps, but then this would wait for an answer.
        if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            return;
        }
        let other = words(&["python3", "my reward.py", "\u{1b}[2K\u{202e}"]);
        let refused = agreed
            .of("reward.run", &other)
            .expect_err("another program")
            .to_string();
        let expected = "reward.run: `python3 'my reward.py' '\\u{1b}[2K\\u{202e}'` is a program, which may do all \
                        that you may; use --allow-commands to run it";
        assert_eq!(refused, expected);
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        let said = ["y\n", "Yes\n", "", "n\n", "yep\n", "\n"].map(is_yes);
        assert_eq!(said, [true, true, false, false, false, false]);
    }
}
