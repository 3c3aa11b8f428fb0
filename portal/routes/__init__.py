"""Pages, a module each: `routes()` gives the routes of the module. `portal.app` names the modules."""
