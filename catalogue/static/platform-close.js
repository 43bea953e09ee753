// A registration is over: the platform closes the window or frame that it opened for it.
// Dynamic Registration 1.0, https://www.imsglobal.org/spec/lti-dr/v1p0. The message goes to the platform's origin alone.
const { origin } = document.getElementById("platform-close").dataset;

(window.opener ?? window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, origin);
