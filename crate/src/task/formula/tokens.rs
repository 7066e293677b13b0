//! The words of a formula: numbers, names, symbols and raised digits.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    Symbol(&'static str),
    /// The power of x².
    Raised(i32),
}

/// The symbols and what they stand for. Longer ones come first: "<=" is not "<" and "=".
const SYMBOLS: [(&str, &str); 26] = [
    ("**", "^"),
    ("<=", "<="),
    (">=", ">="),
    ("==", "=="),
    ("!=", "!="),
    ("&&", "&&"),
    ("||", "||"),
    ("<", "<"),
    (">", ">"),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
    ("^", "^"),
    ("(", "("),
    (")", ")"),
    (",", ","),
    // What is copied from a text, or typed on a phone.
    ("−", "-"),
    ("–", "-"),
    ("·", "*"),
    ("⋅", "*"),
    ("×", "*"),
    ("÷", "/"),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
];

/// What to write in place of a symbol or a word that could mean several things, or nothing.
const INSTEAD: [(&str, &str); 12] = [
    ("%", "write `mod(a, b)` for a remainder, and `a/100` for a share"),
    ("=", "write `==` to compare"),
    ("&", "write `&&` for and"),
    ("|", "write `abs(a)` for an absolute value, and `||` for or"),
    ("!", "write `a == 0` for not"),
    ("[", "write ( )"),
    ("]", "write ( )"),
    ("√", "write `sqrt(a)`"),
    ("and", "write `a && b`"),
    ("or", "write `a || b`"),
    ("not", "write `a == 0`"),
    ("pow", "write `a^b`"),
];

const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// The words of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = token(first, rest)?;
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// A text with one name in the place of another. What follows something that is no word of a formula stays as it is.
pub(super) fn renamed(text: &str, from: &str, to: &str) -> String {
    let (mut written, mut rest, mut after_number) = (String::new(), text, false);
    while let Some(first) = rest.chars().next() {
        let (word, length) = match token(first, rest) {
            _ if first.is_whitespace() => (None, first.len_utf8()),
            Ok((word, length)) => (Some(word), length),
            Err(_) => break,
        };
        if word == Some(Token::Name(from.to_owned())) {
            // 2e3 would be a number.
            written.push_str(if after_number { " " } else { "" });
            written.push_str(to);
        } else {
            written.push_str(&rest[..length]);
        }
        after_number = matches!(word, Some(Token::Number(_)));
        rest = &rest[length..];
    }
    written + rest
}

/// The token at the start of a text, and its length in bytes.
fn token(first: char, rest: &str) -> Result<(Token, usize), String> {
    let until = |ends: fn(char) -> bool| rest.find(ends).unwrap_or(rest.len());
    if first.is_ascii_digit() || first == '.' {
        let length = number_length(rest);
        return Ok((Token::Number(number(&rest[..length])?), length));
    }
    if is_raised(first) {
        let length = until(|c| !is_raised(c));
        return Ok((Token::Raised(raised(&rest[..length])?), length));
    }
    if first.is_alphabetic() {
        // Superscripts count as numeric, but raise the name before them.
        let length = until(|c| is_raised(c) || !c.is_alphanumeric() && c != '_');
        let name = &rest[..length];
        return match instead(name) {
            Some(instead) => Err(format!("`{name}` is unknown: {instead}")),
            None => Ok((Token::Name(name.to_owned()), length)),
        };
    }
    if let Some((typed, symbol)) = SYMBOLS.iter().find(|(typed, _)| rest.starts_with(typed)) {
        return Ok((Token::Symbol(symbol), typed.len()));
    }
    Err(match instead(&first.to_string()) {
        Some(instead) => format!("`{first}` is not a symbol of formulas: {instead}"),
        None => format!("`{first}` is not a symbol of formulas"),
    })
}

/// What to write in place of this.
fn instead(typed: &str) -> Option<&'static str> {
    let found = INSTEAD.iter().find(|(refused, _)| *refused == typed);
    found.map(|(_, instead)| *instead)
}

fn number(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    match value.is_finite() {
        true => Ok(value),
        false => Err(format!(
            "`{text}` is too large: the largest number is {:.1e}",
            f64::MAX
        )),
    }
}

/// Digits, a point, and an exponent if digits follow it.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| {
        text[from..]
            .find(|c: char| !c.is_ascii_digit())
            .map_or(text.len(), |n| from + n)
    };
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let last = digits(end + 1 + sign);
        if last > end + 1 + sign {
            end = last;
        }
    }
    end
}

fn is_raised(c: char) -> bool {
    c == '⁻' || RAISED.contains(&c)
}

/// The number that raised digits stand for.
fn raised(text: &str) -> Result<i32, String> {
    let lowered: String = text
        .chars()
        .map(|c| match RAISED.iter().position(|digit| *digit == c) {
            Some(digit) => char::from(b'0' + digit as u8),
            None => '-',
        })
        .collect();
    lowered
        .parse()
        .map_err(|_| format!("`{text}` is not a power: write `^` and a number"))
}

/// A token as errors show it.
pub(super) fn shown(token: &Token) -> String {
    match token {
        Token::Number(value) => format!("`{value}`"),
        Token::Name(name) => format!("`{name}`"),
        Token::Symbol(symbol) => format!("`{symbol}`"),
        Token::Raised(power) => format!("the power {power}"),
    }
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn a_name_is_replaced_where_it_is_a_word() {
        let cases = [
            ("-x1^2 + x10*exp(x1)", "-mu^2 + x10*exp(mu)"),
            ("2x1 + x1²", "2 mu + mu²"),
            (" x1 / 3 ", " mu / 3 "),
            ("x1 + [x1", "mu + [x1"),
        ];
        for (text, wanted) in cases {
            assert_eq!(renamed(text, "x1", "mu"), wanted);
        }
    }
}
