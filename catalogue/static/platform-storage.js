// A browser that keeps no cookies in a frame: the platform keeps for us what binds a launch to this browser.
// Client Side postMessages 1.0, https://www.imsglobal.org/spec/lti-cs-pm/v0p1, and postMessage Storage,
// https://www.imsglobal.org/spec/lti-pm-s/v0p1. Messages go to the platform's origin alone, and from no other
// are they taken.
const asking = document.getElementById("platform-storage");
const { message, frame, origin, key, value, onwards } = asking.dataset;
const holder = window.parent === window ? window.opener : window.parent;
const platform = frame === "_parent" ? holder : holder?.frames[frame];
const messageId = crypto.randomUUID?.() ?? String(Math.random());

window.addEventListener("message", (event) => {
  const answer = event.data;
  if (event.origin !== origin || answer?.message_id !== messageId) return;
  if (answer.subject !== `${message}.response` || answer.error) return;
  if (message === "lti.put_data") {
    window.location.replace(onwards);
  } else {
    asking.elements.kept.value = answer.value ?? "";
    asking.submit();
  }
});

platform?.postMessage({ subject: message, message_id: messageId, key, value }, origin);
