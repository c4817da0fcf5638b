//! Passwords in connection strings, left out where a string is only shown.

/// The sign in place of a password.
const HIDDEN: &str = "***";

/// A connection string without its password.
pub(super) fn hidden(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // The last one: a password may hold more of them, though it should not.
    let Some((user, place)) = rest.rsplit_once('@') else { return url.to_owned() };
    match user.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:{HIDDEN}@{place}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_is_left_out() {
        for (url, shown) in [
            ("amqp://guest:guest@127.0.0.1:5672/%2f", "amqp://guest:***@127.0.0.1:5672/%2f"),
            (
                "mongodb://a:p@:/w@h:1/db?directConnection=true",
                "mongodb://a:***@h:1/db?directConnection=true",
            ),
            ("mongodb://a@h:1/db", "mongodb://a@h:1/db"),
            ("mongodb://h:1/db", "mongodb://h:1/db"),
            ("amqp://a:@h", "amqp://a:***@h"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(hidden(url), shown);
        }
    }
}
