// Says in the console what the content security policy has stopped, with what it was.
addEventListener("securitypolicyviolation", (e) => {
  console.error(`policy: ${e.effectiveDirective} ${e.blockedURI || "inline"} ${e.sample}`);
});
