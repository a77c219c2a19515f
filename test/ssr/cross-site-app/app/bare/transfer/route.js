export { GET, POST } from "../../api/transfer/route.js";
