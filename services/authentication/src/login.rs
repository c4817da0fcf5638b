//! The decision: from credentials to a user or a refusal.

use std::time::Duration;

use chassis::deadline::Deadline;
use chassis::problem::Problem;
use http::StatusCode;
use wire::user::{Credentials, InvalidCredentials, User};

use crate::checkers::{Checkers, CheckersBusy, PasswordVerdict};
use crate::connections::StoreError;
use crate::throttle::{Throttle, ThrottleRefusal};
use crate::users::{UserRecord, Users};

/// Time that the renewal of a hash may take; nobody waits for it.
const RENEWAL: Duration = Duration::from_secs(5);

/// Parts that decide a login.
pub(crate) struct Login {
    /// Repeated failures.
    pub(crate) throttle: Throttle,
    /// The table.
    pub(crate) users: Users,
    /// bcrypt.
    pub(crate) checkers: Checkers,
}

/// Reason why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginRefusal {
    /// Credentials that can't be anybody's.
    #[error(transparent)]
    Malformed(#[from] InvalidCredentials),
    /// Unknown user or wrong password: one and the same.
    #[error("the email address or the password is wrong")]
    Wrong,
    /// Too many failures of this account.
    #[error(transparent)]
    Throttled(#[from] ThrottleRefusal),
    /// Too many passwords are waiting.
    #[error(transparent)]
    Busy(#[from] CheckersBusy),
    /// The table could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Login {
    /// Decides. Every step is the same for a user who does not exist.
    pub(crate) async fn decide(
        &self,
        credentials: Credentials,
        deadline: Deadline,
    ) -> Result<User, LoginRefusal> {
        // Here as well as in the broker, which is not the only one that can ask.
        credentials.check()?;
        let Credentials { email, password } = credentials;
        // Before all that costs something: guessing passwords must not use up the cores.
        self.throttle.check(&email)?;
        // Before the table is asked: under overload most end here, and must cost next to nothing.
        self.checkers.room(deadline)?;
        let found = self.users.find(&email, deadline).await?;
        let hash = found.as_ref().map(|found| found.hash.clone());
        match (self.checkers.check(password, hash, deadline).await?, found) {
            (PasswordVerdict::Right { renewed }, Some(found)) => {
                self.throttle.settle(&email, true)?;
                Ok(self.renew(found, renewed))
            }
            // Includes right without a user, which never comes: no check against the decoy is right.
            _ => {
                self.throttle.settle(&email, false)?;
                Err(LoginRefusal::Wrong)
            }
        }
    }

    fn renew(&self, found: UserRecord, renewed: Option<String>) -> User {
        let UserRecord { user, hash } = found;
        if let Some(new) = renewed {
            let (users, id) = (self.users.clone(), user.id);
            // Beside the answer: a login must neither wait for the renewal nor fail with it.
            tokio::spawn(async move {
                if let Err(error) = users.renew(id, &hash, &new, Deadline::after(RENEWAL)).await {
                    tracing::warn!("the hash of user {id} keeps its old cost: {error}");
                }
            });
        }
        user
    }
}

impl From<LoginRefusal> for Problem {
    fn from(refusal: LoginRefusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            LoginRefusal::Malformed(_) => Self::bad_request(message),
            LoginRefusal::Wrong => Self::new(StatusCode::UNAUTHORIZED, message),
            LoginRefusal::Throttled(ThrottleRefusal { retry_after }) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(retry_after)
            }
            LoginRefusal::Busy(CheckersBusy { retry_after }) => Self::unavailable(message, retry_after),
            LoginRefusal::Store(StoreError::Closed(closed)) => closed.into(),
            LoginRefusal::Store(StoreError::Passed) => Self::new(StatusCode::GATEWAY_TIMEOUT, message),
            LoginRefusal::Store(StoreError::Failed(error)) => {
                // What PostgreSQL says is for the operator, not for whoever tries to log in.
                tracing::debug!("PostgreSQL: {error}");
                Self::unavailable("the users can't be looked up now", Duration::from_secs(1))
            }
        }
    }
}
