// Lets people try the API where the list of it stands.
const place = document.getElementById("api");
window.SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  syntaxHighlight: { activated: false }, // whose colours cannot be read by everybody
  validatorUrl: null, // asks nobody else
});
