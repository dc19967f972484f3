"use strict";

// Swagger UI's dark colours hang on a class.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

// A change that comes with the session's cookie needs the session's token (homeroom.md §4).
function withSessionToken(request) {
  const cookie = document.cookie.split("; ").find((text) => text.startsWith("_csrf_token="));
  if (cookie && !request.headers.Authorization) {
    request.headers["X-CSRF-Token"] = decodeURIComponent(cookie.slice("_csrf_token=".length));
  }
  return request;
}

// A form begins empty, and what is left empty is not sent: Swagger UI would write "string" into every field that
// knows nothing better.
const EmptyForms = ({ React }) => ({
  statePlugins: {
    spec: { wrapActions: { updateJsonSpec: (update) => (api) => update(withEmptyForms(api)) } },
  },
  wrapComponents: {
    ParameterIncludeEmpty: (Box) => ({ isIncludedOptions: options, ...rest }) =>
      React.createElement(Box, { ...rest, isIncludedOptions: { ...options, defaultValue: false } }),
  },
});

function withEmptyForms(api) {
  for (const operation of Object.values(api.paths ?? {}).flatMap(Object.values)) {
    for (const [type, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
      if (type !== "application/json") Object.values(schema.properties).forEach(beginEmpty);
    }
  }
  return api;
}

function beginEmpty(field) {
  if (field.default == null) field.example = field.type === "array" ? [] : "";
}

const place = document.getElementById("api");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  plugins: [EmptyForms],
  requestInterceptor: withSessionToken,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  tagsSorter: "alpha",
  tryItOutEnabled: true,
  validatorUrl: null,
});
