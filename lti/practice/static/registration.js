// The tool says that its registration is over: show the tools. https://www.imsglobal.org/spec/lti-dr/v1p0
addEventListener("message", (event) => {
  const frame = document.querySelector("iframe");
  if (event.origin === frame.dataset.origins && event.data?.subject === "org.imsglobal.lti.close") {
    location.assign(document.getElementById("tools").href);
  }
});
