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

const place = document.getElementById("api");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
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
