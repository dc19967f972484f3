// What the test asks of @kth/canvas-api: who am I, everybody page by page, and an error.
import { CanvasApi } from "@kth/canvas-api";

const canvas = new CanvasApi(process.env.CANVAS_URL, process.env.CANVAS_TOKEN);
const me = await canvas.get("users/self");
const ids = [];
for await (const user of canvas.listItems("accounts/1/users", { per_page: 3 })) {
  ids.push(user.id);
}
let refused = null;
try {
  await canvas.get("users/99999999");
} catch (error) {
  refused = error.response?.statusCode ?? error.code;
}
console.log(JSON.stringify({ me: me.json ?? me.body, ids, refused }));
