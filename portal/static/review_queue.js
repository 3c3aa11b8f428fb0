// The queue: the first paper is in hand when the page opens, so that Enter opens it.
"use strict";
document.getElementById("first")?.focus();
