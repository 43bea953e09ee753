// Keeps values for the tool in the frame, by its origin, as long as this page is open.
// https://www.imsglobal.org/spec/lti-cs-pm/v0p1 and https://www.imsglobal.org/spec/lti-pm-s/v0p1
const stores = new Map();
const MOST_KEYS = 500;
const LONGEST = 4096;

function valuesOf(origin) {
  const known = document.querySelector("iframe").dataset.origins.split(" ").includes(origin);
  if (known && !stores.has(origin)) stores.set(origin, new Map());
  return stores.get(origin);
}

function failure(code, message) {
  return { error: { code, message } };
}

const answers = {
  "lti.capabilities": () => ({
    supported_messages: [
      { subject: "lti.capabilities" },
      { subject: "lti.put_data", frame: "_parent" },
      { subject: "lti.get_data", frame: "_parent" },
    ],
  }),
  "lti.put_data": ({ key, value }, kept) => {
    if (typeof key !== "string" || !key) return failure("bad_request", "lti.put_data needs a key");
    if (value === undefined || value === null || value === "") {
      kept.delete(key);
      return { key };
    }
    if (typeof value !== "string") return failure("bad_request", "the value must be a string");
    if (key.length + value.length > LONGEST || (kept.size >= MOST_KEYS && !kept.has(key))) {
      return failure("storage_exhaustion", "there is no room for this");
    }
    kept.set(key, value);
    return { key, value };
  },
  "lti.get_data": ({ key }, kept) => {
    if (typeof key !== "string" || !key) return failure("bad_request", "lti.get_data needs a key");
    return kept.has(key) ? { key, value: kept.get(key) } : { key };
  },
};

addEventListener("message", (event) => {
  const kept = valuesOf(event.origin);
  const asked = event.data;
  if (!kept || !event.source || typeof asked?.subject !== "string" || !asked.subject.startsWith("lti.")) return;
  const { subject, message_id } = asked;
  const answer = Object.hasOwn(answers, subject) ? answers[subject] : undefined;
  let body;
  if (!answer) body = failure("unsupported_subject", `${subject} is not supported`);
  else if (typeof message_id !== "string" || !message_id) body = failure("bad_request", "message_id is missing");
  else body = answer(asked, kept);
  event.source.postMessage({ subject: `${subject}.response`, message_id, ...body }, event.origin);
});
