// The NHS components that get better with a script; every page works without one.
import { initAll } from "./nhsuk/nhsuk-frontend.min.js";

initAll();
