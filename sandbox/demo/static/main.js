// Starts the page: each part draws itself into its place and follows the news.

import { startChannel } from "./channel.js";
import { startComposer } from "./composer.js";
import { startBackstage } from "./drawer.js";
import { connect } from "./connection.js";
import { startMenus } from "./menu.js";
import { startForms } from "./modal.js";
import { startPlaces } from "./sidebar.js";
import { startWelcome } from "./welcome.js";

startChannel();
startPlaces();
startComposer();
startForms();
startMenus();
startWelcome();
startBackstage();
connect();
