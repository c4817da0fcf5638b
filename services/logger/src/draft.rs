//! An entry as it is asked for, checked: what passes here can be stored.

use uuid::Uuid;
use wire::entry::{InvalidEntry, Via, check};
use wire::id::{EntryId, InvalidId};

/// An entry that can be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: String,
    pub(crate) via: Via,
}

/// Reason why an entry can't be stored as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidDraft {
    #[error(transparent)]
    Entry(#[from] InvalidEntry),
    #[error("\"id\": {0}")]
    Id(#[from] InvalidId),
    #[error("\"via\" is \"{0}\"; known are log-json, log-grpc and log-amqp")]
    Via(String),
}

impl Draft {
    /// Checks every field.
    // An empty id is made here, and an empty `via` becomes `default_via`.
    pub(crate) fn new(
        id: String,
        name: String,
        data: String,
        via: &str,
        default_via: Via,
    ) -> Result<Self, InvalidDraft> {
        check(&name, &data)?;
        // Version 7 begins with the time: the store's index grows at its end, not all over.
        let id = if id.is_empty() { Uuid::now_v7().to_string() } else { EntryId::parse(id)?.into() };
        let via = match via {
            "" => default_via,
            name => Via::from_name(name).ok_or_else(|| InvalidDraft::Via(name.chars().take(40).collect()))?,
        };
        Ok(Self { id, name, data, via })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_foreign_client_gets_an_id_and_the_path_of_the_door() {
        let draft = Draft::new(String::new(), "n".into(), "d".into(), "", Via::Grpc).unwrap();
        assert_eq!((draft.id.len(), draft.via), (36, Via::Grpc));
    }

    #[test]
    fn each_mistake_names_its_field() {
        let error = |id: &str, name: &str, via: &str| {
            Draft::new(id.into(), name.into(), "d".into(), via, Via::Grpc).unwrap_err().to_string()
        };
        assert!(error("a b", "n", "").starts_with("\"id\""));
        assert!(error("a", "", "").starts_with("\"name\""));
        assert!(error("a", "n", "mail").contains("log-amqp"));
    }

    proptest! {
        #[test]
        fn any_fields_are_kept_as_they_were_or_refused(
            id in any::<String>(), name in any::<String>(), data in any::<String>(),
        ) {
            if let Ok(draft) = Draft::new(id.clone(), name.clone(), data.clone(), "", Via::Json) {
                prop_assert!(id.is_empty() || draft.id == id);
                prop_assert_eq!((draft.name, draft.data), (name, data));
            }
        }
    }
}
