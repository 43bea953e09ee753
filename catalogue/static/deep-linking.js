// The answer to a platform that let a teacher choose is posted at once; without a script, its button does it.
// LTI Deep Linking 2.0, section 4.5, https://www.imsglobal.org/spec/lti-dl/v2p0: a platform takes it in the frame
// that it opened. Where that frame keeps no cookies, the choosing was in a window of its own, opened by a page of
// ours in the frame: the answer goes there, and this window closes.
const form = document.getElementById("deep-linking-answer");
const CLOSES_AFTER = 2000; // milliseconds: by then the answer is on its way

function frameThatOpenedUs() {
  try {
    const { opener } = window;
    const ours = opener && opener.location.origin === window.location.origin;
    return ours && window.parent === window && opener.parent !== opener ? opener : null;
  } catch {
    return null; // a page of another site
  }
}

const frame = frameThatOpenedUs();
if (frame) {
  frame.name = "everyseat-answer";
  form.target = frame.name;
  window.setTimeout(() => window.close(), CLOSES_AFTER);
}
form.submit();
