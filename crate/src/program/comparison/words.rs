//! Lists as they are typed.

/// The parts of a list between its commas; those inside brackets and quotes belong to a value.
pub fn values(list: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let (mut depth, mut quote) = (0, None);
    for c in list.chars() {
        match (quote, c) {
            (None, ',') if depth == 0 => {
                values.push(String::new());
                continue;
            }
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        if let Some(value) = values.last_mut() {
            value.push(c);
        }
    }
    values.iter().map(|v| v.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::values;

    #[test]
    fn commas_inside_a_value_are_its_own() {
        assert_eq!(values("10, 20,50"), ["10", "20", "50"]);
        assert_eq!(
            values("[0, 1],atan2(y, x),'a,b'"),
            ["[0, 1]", "atan2(y, x)", "'a,b'"]
        );
    }
}
