// What axe-core finds wrong on the page as it is, a line for each element.
async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  const told = (rule) => rule.nodes.map((node) => `${rule.id}: ${node.target}: ${node.failureSummary}`);
  return { violations: found.violations.flatMap(told), passes: found.passes.length };
}
