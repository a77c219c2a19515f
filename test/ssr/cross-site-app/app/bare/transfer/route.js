export { GET, POST } from "../../shop/api/transfer/route.js";
