// The client as it is, in one file: importing it under another query gives another instance, with
// signals of its own.
export * from 'infinity-client';
