"""Single sign-on for staff: identity providers, one for an organisation or shared by several."""
