use super::super::topology;
use super::*;

/// A node `a` that runs a program of this machine, in a folder.
fn node_of(program: &str, folder: &Path) -> Processes {
    let text = format!("services: {{a: {{x-faultline: {{binary: {program}}}}}}}");
    let topology = topology::read("c.yml", &text, &|_| None).unwrap();
    Processes::new(&topology, &topology.all(), &RunId::random(), folder, Ports::Free, &BTreeMap::new())
        .unwrap()
}

#[tokio::test]
async fn a_node_that_died_by_itself_stays_dead_when_an_action_on_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stack = node_of("/bin/false", folder.path());
    stack.start("a", &BTreeMap::new()).await.unwrap();
    while matches!(stack.state("a"), NodeState::Running(_)) {
        tokio::task::yield_now().await;
    }
    let dead = NodeState::Ended("exit code 1".to_owned());
    let killed = stack.kill("a").await.unwrap_err().to_string();
    assert_eq!(
        (killed.as_str(), stack.state("a")),
        ("node a can't be killed: it is dead (exit code 1)", dead.clone())
    );
    let stopped = stack.stop("a").await.unwrap_err().to_string();
    assert_eq!(
        (stopped.as_str(), stack.state("a")),
        ("node a can't be stopped: it is dead (exit code 1)", dead)
    );
}

#[tokio::test]
async fn a_server_has_the_variables_of_its_override() {
    let folder = tempfile::tempdir().unwrap();
    let text = "services: {db: {environment: {A: \"1\", B: \"2\"}, x-faultline: {server: mongo}}}";
    let topology = topology::read("c.yml", text, &|_| None).unwrap();
    let variables = |pairs: [(&str, &str); 2]| pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let special = Override { program: None, environment: variables([("B", "3"), ("C", "4")]).into() };
    let overrides = [("db".to_owned(), special)].into();
    let (nodes, run) = (topology.all(), RunId::random());
    let stack = Processes::new(&topology, &nodes, &run, folder.path(), Ports::Free, &overrides).unwrap();
    let mut expected = BTreeMap::from(variables([("A", "1"), ("B", "3")]));
    expected.insert("C".to_owned(), "4".to_owned());
    assert_eq!(stack.member("db").unwrap().place.environment, expected);
}
