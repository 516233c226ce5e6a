// Knows the stand-in: keeps what it tells over the socket, and asks it to do what the member does.

const AGAIN_MS = [250, 500, 1000, 2000];

/** What the page knows; changed here only. `entries` maps ids to messages, oldest first. */
export const state = {
  online: false,
  world: null,
  member: null,
  channel: null,
  room: emptyRoom(),
  backstage: null,
};

const listeners = { connection: [], world: [], place: [], room: [], backstage: [] };
let socket = null;
let tries = 0;
let watchesBackstage = false;

/** Call `listener` after each change of `connection`, `world`, `place`, `room` or `backstage`. */
export function on(what, listener) {
  listeners[what].push(listener);
}

/** Connect, and stay connected: after a loss everything is told anew. */
export function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/_page/socket`);
  socket.onopen = () => {
    tries = 0;
    state.online = true;
    tell("connection");
    watch();
  };
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = () => {
    state.online = false;
    tell("connection");
    setTimeout(connect, AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)]);
  };
}

/**
 * Go to a channel, become another member, or both; what is not named stays. The browser's Back leads
 * to where one was, unless `isStep` is false.
 */
export function go({ member = state.member, channel = state.channel, isStep = true }) {
  if (member === state.member && channel === state.channel) return;
  const place = { member, channel };
  if (isStep && state.channel) history.pushState(place, "");
  else if (isStep) history.replaceState(place, "");
  Object.assign(state, { ...place, room: emptyRoom() });
  tell("place");
  tell("room");
  watch();
}

/** Ask to be told what happens backstage, or no longer. */
export function watchBackstage(wanted) {
  watchesBackstage = wanted;
  watch();
}

/**
 * Have the stand-in do something as the member in the channel.
 * `files` are pairs of a field's name and a File. Gives `{ok, error?, choices?, interaction?}`.
 */
export async function act(order, files = []) {
  const body = new FormData();
  body.append("order", JSON.stringify({ member: state.member, channel: state.channel, ...order }));
  for (const [name, file] of files) body.append(name, file, file.name);
  try {
    const answer = await fetch("/_page/do", { method: "POST", body });
    return await answer.json();
  } catch {
    return { ok: false, error: "The stand-in does not answer." };
  }
}

/** The server that the channel lies in, or null in a direct channel. */
export function guildHere() {
  return state.world?.guilds.find((guild) => guild.channels.some((one) => one.id === state.channel)) ?? null;
}

function emptyRoom() {
  return { ready: false, hidden: false, may: {}, entries: new Map(), forms: [] };
}

function watch() {
  if (socket?.readyState !== WebSocket.OPEN || !state.member || !state.channel) return;
  const { member, channel } = state;
  socket.send(JSON.stringify({ watch: { member, channel, backstage: watchesBackstage } }));
}

function take(news) {
  if (news.type === "world") state.world = news;
  else if (news.type === "backstage") state.backstage = news.panels;
  else if (news.type !== "room" || !enter(news)) return;
  tell(news.type);
}

function enter(news) {
  if (news.member !== state.member || news.channel !== state.channel) return false;
  const known = news.reset ? new Map() : state.room.entries;
  for (const id of news.gone) known.delete(id);
  for (const entry of news.entries) known.set(entry.id, entry);
  const entries = new Map([...known].sort(byId));
  state.room = { ready: true, hidden: news.hidden, may: news.may, entries, forms: news.forms };
  return true;
}

function byId([first], [second]) {
  return first.length - second.length || (first < second ? -1 : 1);
}

function tell(what) {
  for (const listener of listeners[what]) listener(state);
}
